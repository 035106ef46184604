locals {
  github      = "token.actions.githubusercontent.com"
  github_oidc = "arn:${local.partition}:iam::${local.account}:oidc-provider/${local.github}"

  # OWNER@ID/NAME@ID is what the tokens of newer repositories say, OWNER/NAME what those of older ones do.
  repository    = replace(var.github_repository, "/@[0-9]+/", "")
  repositories  = distinct([local.repository, var.github_repository])
  repository_id = one(regex("(?:/[^@]+@([0-9]+))?$", var.github_repository))

  # Who may take a role: a token of GitHub's for AWS, made for this one subject of the repository. A name may come to
  # be somebody else's, an id never does, so that with ids it counts in both forms.
  trust = {
    for role, subject in {
      deploy = "environment:${var.github_environment}"
      plan   = "pull_request"
      } : role => jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Effect    = "Allow"
          Action    = "sts:AssumeRoleWithWebIdentity"
          Principal = { Federated = local.github_oidc }
          Condition = {
            StringEquals = merge(
              {
                "${local.github}:aud" = "sts.amazonaws.com"
                "${local.github}:sub" = [for name in local.repositories : "repo:${name}:${subject}"]
              },
              local.repository_id == null ? {} : { "${local.github}:repository_id" = local.repository_id },
            )
          }
        }]
    })
  }

  stack        = "awseb-${aws_elastic_beanstalk_environment.this.id}-stack"
  beanstalk    = "arn:${local.partition}:elasticbeanstalk:${var.region}:${local.account}"
  environment  = "${local.beanstalk}:environment/${local.prefix}/${local.prefix}"
  app_version  = "${local.beanstalk}:applicationversion/${local.prefix}/*"
  application  = "${local.beanstalk}:application/${local.prefix}"
  stack_arn    = "arn:${local.partition}:cloudformation:${var.region}:${local.account}:stack/${local.stack}/*"
  group_arn    = "arn:${local.partition}:autoscaling:${var.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${local.stack}-*"
  target_group = "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:targetgroup/awseb-*/*"
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.owns_account_settings ? 1 : 0
  url            = "https://${local.github}"
  client_id_list = ["sts.amazonaws.com"]
}

# ---- The deploy role: this repository, and in it only jobs of this GitHub environment ---------------

resource "aws_iam_role" "deploy" {
  name                 = "${local.prefix}-deploy"
  description          = "GitHub deploys ${local.prefix}"
  max_session_duration = local.session_seconds

  assume_role_policy = local.trust.deploy

  lifecycle {
    precondition {
      condition     = 2 * local.update_seconds + 1200 <= local.session_seconds
      error_message = "A deploy and its rollback may take longer than the role lasts (numbers.tf)."
    }
  }
}

# What deploy/deploy.py calls, and what Beanstalk then does in the caller's name: UpdateEnvironment
# checks the caller's own permissions for the stack, the scaling group and the files that it touches.
resource "aws_iam_role_policy" "deploy" {
  #checkov:skip=CKV_AWS_355:Reading the environment's parts: these actions know no resource, AWS takes only "*".
  name = "deploy"
  role = aws_iam_role.deploy.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "UploadBundle" # put_object; Beanstalk reads it back to make the version
          Effect   = "Allow"
          Action   = ["s3:PutObject", "s3:GetObject"]
          Resource = "${aws_s3_bucket.bundles.arn}/*"
        },
        {
          Sid      = "FindBundle"
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
          Resource = aws_s3_bucket.bundles.arn
        },
        {
          Sid      = "Version" # create_application_version
          Effect   = "Allow"
          Action   = "elasticbeanstalk:CreateApplicationVersion"
          Resource = [local.application, local.app_version]
        },
        {
          Sid      = "Update" # update_environment: this environment, with versions of this application
          Effect   = "Allow"
          Action   = "elasticbeanstalk:UpdateEnvironment"
          Resource = [local.environment, local.application, local.app_version]
        },
        {
          Sid    = "Watch" # describe_environments, describe_application_versions, describe_events
          Effect = "Allow"
          Action = [
            "elasticbeanstalk:DescribeApplicationVersions",
            "elasticbeanstalk:DescribeEnvironments",
            "elasticbeanstalk:DescribeEvents",
          ]
          Resource = "*"
        },
        {
          Sid      = "BeanstalkCopiesTheBundle" # into its own bucket, under the environment's id
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject"]
          Resource = "${local.beanstalk_bucket}/resources/environments/${aws_elastic_beanstalk_environment.this.id}/*"
        },
        {
          Sid      = "BeanstalkFindsItsBucket"
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:ListBucket"]
          Resource = local.beanstalk_bucket
        },
        {
          Sid    = "BeanstalkReadsItsStack"
          Effect = "Allow"
          Action = [
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResource",
            "cloudformation:DescribeStackResources",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
          ]
          Resource = local.stack_arn
        },
        {
          Sid    = "BeanstalkReadsTheParts"
          Effect = "Allow"
          Action = [
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeScalingActivities",
            "ec2:DescribeAddresses",
            "ec2:DescribeImages",
            "ec2:DescribeInstances",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
          ]
          Resource = "*"
        },
        {
          Sid      = "BeanstalkHoldsScaling" # no instance may come or go in the middle of a deploy
          Effect   = "Allow"
          Action   = ["autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses"]
          Resource = local.group_arn
        },
      ],
      [for statement in [
        {
          Sid      = "BeanstalkAddsABatch"
          Effect   = "Allow"
          Action   = ["cloudformation:UpdateStack", "cloudformation:CancelUpdateStack"]
          Resource = local.stack_arn
        },
        {
          Sid      = "BeanstalkSizesTheGroup"
          Effect   = "Allow"
          Action   = ["autoscaling:UpdateAutoScalingGroup", "autoscaling:TerminateInstanceInAutoScalingGroup"]
          Resource = local.group_arn
        },
        # EC2 Auto Scaling asks of whoever updates a group with a launch template what starting its instances would
        # take: by a launch template, with its tags, and as this environment's instances alone.
        {
          Sid      = "GroupStartsInstances"
          Effect   = "Allow"
          Action   = "ec2:RunInstances"
          Resource = ["arn:${local.partition}:ec2:${var.region}:${local.account}:*/*", "arn:${local.partition}:ec2:${var.region}::image/*"]
          Condition = {
            ArnLike = { "ec2:LaunchTemplate" = "arn:${local.partition}:ec2:${var.region}:${local.account}:launch-template/*" }
            Bool    = { "ec2:IsLaunchTemplateResource" = "true" }
          }
        },
        {
          Sid       = "GroupTagsInstances"
          Effect    = "Allow"
          Action    = "ec2:CreateTags"
          Resource  = "arn:${local.partition}:ec2:${var.region}:${local.account}:*/*"
          Condition = { StringEquals = { "ec2:CreateAction" = "RunInstances" } }
        },
        {
          Sid       = "GroupPassesTheRole"
          Effect    = "Allow"
          Action    = "iam:PassRole"
          Resource  = aws_iam_role.instance.arn
          Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
        },
        {
          Sid      = "BeanstalkMovesTraffic"
          Effect   = "Allow"
          Action   = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
          Resource = local.target_group
        },
      ] : statement if var.load_balanced],
    )
  })
}

# ---- The plan role: pull requests may look ---------------------------------------------------------

resource "aws_iam_role" "plan" {
  count       = var.state_bucket == null ? 0 : 1
  name        = "${local.prefix}-plan"
  description = "GitHub plans ${local.prefix} for pull requests"

  assume_role_policy = local.trust.plan
}

# Settings, not data: neither policy reads an object, a row or a secret.
resource "aws_iam_role_policy_attachment" "plan" {
  for_each = var.state_bucket == null ? toset([]) : toset([
    "arn:${local.partition}:iam::aws:policy/SecurityAudit",
    "arn:${local.partition}:iam::aws:policy/job-function/ViewOnlyAccess",
  ])
  role       = aws_iam_role.plan[0].name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "plan" {
  count = var.state_bucket == null ? 0 : 1
  name  = "state"
  role  = aws_iam_role.plan[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadState" # without a lock: a plan that is only shown needs none
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:${local.partition}:s3:::${var.state_bucket}/${var.name}/${var.environment}.tfstate"
      },
      {
        Sid      = "FindState"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:${local.partition}:s3:::${var.state_bucket}"
      },
    ]
  })
}
