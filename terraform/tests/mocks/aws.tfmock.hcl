# What AWS would answer. Known while planning (override_during in the tests), so that a plan can be
# asserted on to the last ARN.
mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_ebs_encryption_by_default" {
  defaults = { enabled = true }
}

mock_data "aws_vpc" {
  defaults = { id = "vpc-00000000" }
}

mock_data "aws_subnets" {
  defaults = { ids = ["subnet-0000000b", "subnet-0000000a"] }
}

mock_data "aws_elastic_beanstalk_solution_stack" {
  defaults = { name = "64bit Amazon Linux 2023 v4.7.3 running Docker" }
}

mock_resource "aws_elastic_beanstalk_environment" {
  defaults = {
    id    = "e-abcdefghij"
    cname = "fitserve.example.elasticbeanstalk.com"
  }
}

mock_resource "aws_security_group" {
  defaults = { id = "sg-00000000" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::bundles" }
}

mock_resource "aws_iam_role" {
  defaults = {
    id  = "role"
    arn = "arn:aws:iam::123456789012:role/mocked"
  }
}

mock_resource "aws_db_instance" {
  defaults = { address = "db.example.internal" }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    id  = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:store-url"
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:store-url"
  }
}
