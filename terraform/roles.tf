# ---- What Beanstalk may do for the environment ----------------------------------------------------

resource "aws_iam_role" "service" {
  name        = "${local.prefix}-service"
  description = "Beanstalk: health, managed updates, old versions"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "elasticbeanstalk.amazonaws.com" }
      Condition = { StringEquals = { "sts:ExternalId" = "elasticbeanstalk" } }
    }]
  })
}

# AWS's own policies for exactly this: a copy would fall behind when Beanstalk learns something new.
resource "aws_iam_role_policy_attachment" "service" {
  for_each = toset([
    "arn:${local.partition}:iam::aws:policy/service-role/AWSElasticBeanstalkEnhancedHealth",
    "arn:${local.partition}:iam::aws:policy/AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy",
  ])
  role       = aws_iam_role.service.name
  policy_arn = each.value
}

# What those two leave out.
resource "aws_iam_role_policy" "service" {
  name = "bundles"
  role = aws_iam_role.service.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Bundles" # the lifecycle rule of the versions deletes them, and a managed update reads the running one
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:DeleteObject"]
        Resource = "${aws_s3_bucket.bundles.arn}/*"
      },
      {
        Sid       = "TagLaunchTemplates" # a managed update makes one anew, with the environment's tags
        Effect    = "Allow"
        Action    = "ec2:CreateTags"
        Resource  = "arn:${local.partition}:ec2:${var.region}:${local.account}:launch-template/*"
        Condition = { StringEquals = { "ec2:CreateAction" = "CreateLaunchTemplate" } }
      },
    ]
  })
}

# ---- What an instance may do ----------------------------------------------------------------------

resource "aws_iam_role" "instance" {
  name        = "${local.prefix}-instance"
  description = "fitserve instances: their bundle, health, logs and secrets"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_instance_profile" "instance" {
  name = aws_iam_role.instance.name
  role = aws_iam_role.instance.name
}

locals {
  secret_arns    = [for arn in values(local.secrets) : arn if strcontains(arn, ":secretsmanager:")]
  parameter_arns = [for arn in values(local.secrets) : arn if strcontains(arn, ":ssm:")]
}

# AWSElasticBeanstalkWebTier cut down to one environment: that policy reads and writes the files of
# every Beanstalk environment in the account. The environment's id is not known before it exists and
# it cannot exist without this role, so its files in Beanstalk's bucket are the one wildcard left.
resource "aws_iam_role_policy" "instance" {
  name = "instance"
  role = aws_iam_role.instance.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Bundle"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = ["${aws_s3_bucket.bundles.arn}/*", "${local.beanstalk_bucket}/resources/environments/*"]
        },
        {
          Sid      = "LogsOnRequest"
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = "${local.beanstalk_bucket}/resources/environments/logs/*"
        },
        {
          Sid      = "LogStreams"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
          Resource = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/aws/elasticbeanstalk/${local.prefix}/*"
        },
        {
          Sid    = "Health"
          Effect = "Allow"
          Action = "elasticbeanstalk:PutInstanceStatistics"
          Resource = [
            "arn:${local.partition}:elasticbeanstalk:${var.region}:${local.account}:application/${local.prefix}",
            "arn:${local.partition}:elasticbeanstalk:${var.region}:${local.account}:environment/${local.prefix}/${local.prefix}",
          ]
        },
      ],
      length(local.secret_arns) == 0 ? [] : [{
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = local.secret_arns
      }],
      length(local.parameter_arns) == 0 ? [] : [{
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = local.parameter_arns
      }],
    )
  })
}
