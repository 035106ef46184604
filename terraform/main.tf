data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  prefix    = "${var.name}-${var.environment}"
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition

  # Where Beanstalk keeps what it unpacks for an environment: a bucket of its own, one a region.
  beanstalk_bucket = "arn:${local.partition}:s3:::elasticbeanstalk-${var.region}-${local.account}"
}

# Beanstalk has no setting that encrypts the root volume of its instances: the region's default does it.
resource "aws_ebs_encryption_by_default" "this" {
  count   = var.owns_account_settings ? 1 : 0
  enabled = true
}

data "aws_ebs_encryption_by_default" "this" {
  depends_on = [aws_ebs_encryption_by_default.this]
}
