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

# Who reaches what: allowed_cidrs the front door (the load balancer, or the one instance), the load balancer the
# instances, the instances the database.
locals {
  front_port = var.certificate_arn == null ? 80 : 443
}

resource "aws_security_group" "balancer" {
  #checkov:skip=CKV2_AWS_5:Beanstalk attaches it, through its ManagedSecurityGroup setting.
  count       = var.load_balanced ? 1 : 0
  name_prefix = "${local.prefix}-balancer-"
  description = "Load balancer of ${local.prefix}"
  vpc_id      = data.aws_vpc.this.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each          = toset(var.load_balanced ? var.allowed_cidrs : [])
  security_group_id = aws_security_group.balancer[0].id
  description       = "Who may use the service"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = local.front_port
  to_port           = local.front_port
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  count                        = var.load_balanced ? 1 : 0
  security_group_id            = aws_security_group.balancer[0].id
  description                  = "The instances"
  referenced_security_group_id = aws_security_group.instance.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
}

resource "aws_security_group" "instance" {
  #checkov:skip=CKV2_AWS_5:Beanstalk attaches it, through its SecurityGroups setting.
  name_prefix = "${local.prefix}-instance-"
  description = "fitserve instances of ${local.prefix}"
  vpc_id      = data.aws_vpc.this.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "instance_from_balancer" {
  #checkov:skip=CKV_AWS_260:It lets in a group, not a range.
  count                        = var.load_balanced ? 1 : 0
  security_group_id            = aws_security_group.instance.id
  description                  = "The load balancer"
  referenced_security_group_id = aws_security_group.balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
}

resource "aws_vpc_security_group_ingress_rule" "instance_from_outside" {
  for_each          = toset(var.load_balanced ? [] : var.allowed_cidrs)
  security_group_id = aws_security_group.instance.id
  description       = "Who may use the service"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "instance" {
  #checkov:skip=CKV_AWS_382:The image registry, the package index and AWS itself have no fixed addresses, and names are looked up by UDP.
  security_group_id = aws_security_group.instance.id
  description       = "The image registry, the package index, AWS, the database"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
