data "aws_vpc" "this" {
  id      = var.vpc_id
  default = var.vpc_id == null ? true : null
}

data "aws_subnets" "this" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.this.id]
  }
}

locals {
  public_subnets   = length(var.public_subnet_ids) > 0 ? var.public_subnet_ids : data.aws_subnets.this.ids
  instance_subnets = length(var.private_subnet_ids) > 0 ? var.private_subnet_ids : local.public_subnets
}

# A badge that the instances wear and the database looks for. Who reaches the instances is said by the
# groups that Beanstalk makes itself: the load balancer, or everybody on port 80 when there is none.
resource "aws_security_group" "instance" {
  #checkov:skip=CKV2_AWS_5:Beanstalk attaches it, through its SecurityGroups setting.
  name_prefix = "${local.prefix}-instance-"
  description = "fitserve instances of ${local.prefix}"
  vpc_id      = data.aws_vpc.this.id

  lifecycle {
    create_before_destroy = true
  }
}
