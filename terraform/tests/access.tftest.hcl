# Who may do what, and what is kept from everybody.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "dev"
  github_repository     = "octo-org@123456/fitserve@456789"
  github_environment    = "dev"
  allowed_cidrs         = ["203.0.113.0/24"]
  without_key           = "everything"
  owns_account_settings = true
  size                  = "small"
  load_balanced         = false
}

run "deploy_role_trusts_one_environment_of_one_repository" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.deploy.assume_role_policy) == {
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [
              "repo:octo-org/fitserve:environment:dev",
              "repo:octo-org@123456/fitserve@456789:environment:dev",
            ]
            "token.actions.githubusercontent.com:repository_id" = "456789"
          }
        }
      }]
    }
    error_message = "the deploy role trusts something else than jobs of octo-org/fitserve's environment dev"
  }

  assert {
    condition = (
      one(aws_iam_openid_connect_provider.github).url == "https://token.actions.githubusercontent.com" &&
      one(aws_iam_openid_connect_provider.github).client_id_list == toset(["sts.amazonaws.com"])
    )
    error_message = "GitHub's OIDC provider is not the one that the role trusts"
  }
}

run "a_repository_without_ids_is_trusted_by_its_name_alone" {
  command = plan

  variables {
    github_repository = "octo-org/fitserve"
  }

  assert {
    condition = one(jsondecode(aws_iam_role.deploy.assume_role_policy).Statement).Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:octo-org/fitserve:environment:dev"]
      }
    }
    error_message = "the subject of an older repository is not trusted exactly"
  }
}

run "one_instance_is_reached_by_those_who_are_named" {
  command = plan

  variables {
    allowed_cidrs = ["203.0.113.0/24", "198.51.100.7/32"]
  }

  assert {
    condition = {
      for range, rule in aws_vpc_security_group_ingress_rule.instance_from_outside :
      range => [rule.cidr_ipv4, rule.from_port, rule.to_port, rule.ip_protocol]
      } == {
      "203.0.113.0/24"  = ["203.0.113.0/24", 80, 80, "tcp"]
      "198.51.100.7/32" = ["198.51.100.7/32", 80, 80, "tcp"]
    }
    error_message = "somebody else reaches the one instance, or those who may do not"
  }

  assert {
    condition = (
      length(aws_security_group.balancer) + length(aws_vpc_security_group_ingress_rule.balancer) == 0 &&
      length(aws_vpc_security_group_ingress_rule.instance_from_balancer) == 0
    )
    error_message = "there are groups of a load balancer without one"
  }

  assert {
    condition     = !output.open
    error_message = "a deploy from anywhere is told that it reaches a closed environment"
  }
}

run "many_instances_are_reached_through_the_load_balancer" {
  command = plan

  variables {
    load_balanced   = true
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  }

  assert {
    condition = {
      for range, rule in aws_vpc_security_group_ingress_rule.balancer : range => [rule.from_port, rule.to_port]
    } == { "203.0.113.0/24" = [443, 443] }
    error_message = "the load balancer is reached by others, or elsewhere than on 443"
  }

  assert {
    condition = (
      length(aws_vpc_security_group_ingress_rule.instance_from_outside) == 0 &&
      one(aws_vpc_security_group_ingress_rule.instance_from_balancer).referenced_security_group_id == aws_security_group.balancer[0].id &&
      one(aws_vpc_security_group_ingress_rule.instance_from_balancer).cidr_ipv4 == null &&
      one(aws_vpc_security_group_egress_rule.balancer).referenced_security_group_id == aws_security_group.instance.id &&
      one(aws_vpc_security_group_egress_rule.balancer).cidr_ipv4 == null
    )
    error_message = "the instances are reached past the load balancer, or it reaches more than them"
  }
}

run "the_world_is_let_in_only_by_its_name" {
  command = plan

  variables {
    load_balanced = true
    allowed_cidrs = ["0.0.0.0/0"]
  }

  assert {
    condition     = output.open && one(values(aws_vpc_security_group_ingress_rule.balancer)).from_port == 80
    error_message = "an open environment is not open"
  }
}

run "deploy_role_touches_one_environment" {
  command = plan

  assert {
    condition = {
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s.Sid => flatten([s.Resource])
      if contains(flatten([s.Resource]), "*") == false
      } == {
      UploadBundle = ["arn:aws:s3:::bundles/*"]
      FindBundle   = ["arn:aws:s3:::bundles"]
      Version = [
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:application/fitserve-dev",
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:applicationversion/fitserve-dev/*",
      ]
      Update = [
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:environment/fitserve-dev/fitserve-dev",
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:application/fitserve-dev",
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:applicationversion/fitserve-dev/*",
      ]
      BeanstalkCopiesTheBundle = ["arn:aws:s3:::elasticbeanstalk-eu-central-1-123456789012/resources/environments/e-abcdefghij/*"]
      BeanstalkFindsItsBucket  = ["arn:aws:s3:::elasticbeanstalk-eu-central-1-123456789012"]
      BeanstalkReadsItsStack   = ["arn:aws:cloudformation:eu-central-1:123456789012:stack/awseb-e-abcdefghij-stack/*"]
      BeanstalkHoldsScaling    = ["arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:autoScalingGroupName/awseb-e-abcdefghij-stack-*"]
    }
    error_message = "the deploy role's resources are not those of this environment"
  }

  assert {
    condition = alltrue(flatten([
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : [
        for action in flatten([s.Action]) : strcontains(action, ":Describe")
      ] if contains(flatten([s.Resource]), "*")
    ]))
    error_message = "on every resource (\"*\") the deploy role may do more than describe"
  }

  assert {
    condition = !anytrue(flatten([
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : [
        for action in flatten([s.Action]) : strcontains(action, "*") || startswith(action, "iam:") || startswith(action, "secretsmanager:")
      ]
    ]))
    error_message = "the deploy role has a wildcard action, or reaches IAM or secrets"
  }
}

run "deploy_role_of_many_instances_may_add_a_batch" {
  command = plan

  variables {
    load_balanced = true
  }

  assert {
    condition = {
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s.Sid => s.Resource
      if contains(["BeanstalkAddsABatch", "BeanstalkSizesTheGroup", "BeanstalkMovesTraffic"], s.Sid)
      } == {
      BeanstalkAddsABatch    = "arn:aws:cloudformation:eu-central-1:123456789012:stack/awseb-e-abcdefghij-stack/*"
      BeanstalkSizesTheGroup = "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:autoScalingGroupName/awseb-e-abcdefghij-stack-*"
      BeanstalkMovesTraffic  = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/awseb-*/*"
    }
    error_message = "a rolling deploy with an additional batch lacks its rights, or has them elsewhere"
  }

  assert {
    condition = {
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s.Sid => [s.Action, s.Resource, s.Condition]
      if startswith(s.Sid, "Group")
      } == {
      GroupStartsInstances = [
        "ec2:RunInstances",
        ["arn:aws:ec2:eu-central-1:123456789012:*/*", "arn:aws:ec2:eu-central-1::image/*"],
        {
          ArnLike = { "ec2:LaunchTemplate" = "arn:aws:ec2:eu-central-1:123456789012:launch-template/*" }
          Bool    = { "ec2:IsLaunchTemplateResource" = "true" }
        },
      ]
      GroupTagsInstances = [
        "ec2:CreateTags",
        "arn:aws:ec2:eu-central-1:123456789012:*/*",
        { StringEquals = { "ec2:CreateAction" = "RunInstances" } },
      ]
      GroupPassesTheRole = [
        "iam:PassRole",
        aws_iam_role.instance.arn,
        { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } },
      ]
    }
    error_message = "a group with a launch template lacks what starting its instances takes, or has it for others"
  }
}

run "instance_role" {
  command = plan

  variables {
    without_key    = "nothing"
    read_keys_arn  = "arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"
    write_keys_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
  }

  assert {
    condition = {
      for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Sid => [flatten([s.Action]), flatten([s.Resource])]
      } == {
      Bundle = [["s3:GetObject"], [
        "arn:aws:s3:::bundles/*",
        "arn:aws:s3:::elasticbeanstalk-eu-central-1-123456789012/resources/environments/*",
      ]]
      LogsOnRequest = [["s3:PutObject"], ["arn:aws:s3:::elasticbeanstalk-eu-central-1-123456789012/resources/environments/logs/*"]]
      LogStreams = [
        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/elasticbeanstalk/fitserve-dev/*"],
      ]
      Health = [["elasticbeanstalk:PutInstanceStatistics"], [
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:application/fitserve-dev",
        "arn:aws:elasticbeanstalk:eu-central-1:123456789012:environment/fitserve-dev/fitserve-dev",
      ]]
      Secrets    = [["secretsmanager:GetSecretValue"], ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"]]
      Parameters = [["ssm:GetParameter"], ["arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"]]
    }
    error_message = "an instance may do something else than fetch its bundle and secrets and report its health and logs"
  }

  assert {
    condition     = one(jsondecode(aws_iam_role.instance.assume_role_policy).Statement).Principal == { Service = "ec2.amazonaws.com" }
    error_message = "somebody else than EC2 may take the instance role"
  }
}

run "service_role" {
  command = plan

  assert {
    condition = one(jsondecode(aws_iam_role.service.assume_role_policy).Statement) == {
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "elasticbeanstalk.amazonaws.com" }
      Condition = { StringEquals = { "sts:ExternalId" = "elasticbeanstalk" } }
    }
    error_message = "somebody else than Beanstalk may take the service role"
  }

  assert {
    condition = keys(aws_iam_role_policy_attachment.service) == [
      "arn:aws:iam::aws:policy/AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy",
      "arn:aws:iam::aws:policy/service-role/AWSElasticBeanstalkEnhancedHealth",
    ]
    error_message = "Beanstalk has other policies than for health and managed updates"
  }

  assert {
    condition = [
      for s in jsondecode(aws_iam_role_policy.service.policy).Statement : [s.Resource, s.Condition] if s.Sid == "TagLaunchTemplates"
      ] == [[
        "arn:aws:ec2:eu-central-1:123456789012:launch-template/*",
        { StringEquals = { "ec2:CreateAction" = "CreateLaunchTemplate" } },
    ]]
    error_message = "a managed update may not tag its launch template, or may tag more"
  }

  assert {
    condition = (
      one(aws_elastic_beanstalk_application.this.appversion_lifecycle).max_count == 50 &&
      one(aws_elastic_beanstalk_application.this.appversion_lifecycle).delete_source_from_s3 &&
      one(aws_elastic_beanstalk_application.this.appversion_lifecycle).service_role == aws_iam_role.service.arn
    )
    error_message = "old versions are not dropped with their bundles"
  }
}

run "plan_role_only_looks" {
  command = plan

  variables {
    state_bucket = "octo-org-terraform-state"
  }

  assert {
    condition = one(jsondecode(aws_iam_role.plan[0].assume_role_policy).Statement).Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = [
          "repo:octo-org/fitserve:pull_request",
          "repo:octo-org@123456/fitserve@456789:pull_request",
        ]
        "token.actions.githubusercontent.com:repository_id" = "456789"
      }
    }
    error_message = "the plan role trusts something else than pull requests of octo-org/fitserve"
  }

  assert {
    condition = {
      for s in jsondecode(aws_iam_role_policy.plan[0].policy).Statement : s.Action => s.Resource
      } == {
      "s3:GetObject"  = "arn:aws:s3:::octo-org-terraform-state/fitserve/dev.tfstate"
      "s3:ListBucket" = "arn:aws:s3:::octo-org-terraform-state"
    }
    error_message = "the plan role does something else than read its state"
  }

  assert {
    condition = keys(aws_iam_role_policy_attachment.plan) == [
      "arn:aws:iam::aws:policy/SecurityAudit", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
    ]
    error_message = "the plan role has other policies than the two that read settings"
  }
}

run "no_plan_role_without_a_state_bucket" {
  command = plan

  assert {
    condition     = length(aws_iam_role.plan) == 0 && output.plan_role_arn == null
    error_message = "there is a plan role although no state bucket was named"
  }
}

run "bucket_is_closed" {
  command = plan

  assert {
    condition = [
      aws_s3_bucket_public_access_block.bundles.block_public_acls,
      aws_s3_bucket_public_access_block.bundles.block_public_policy,
      aws_s3_bucket_public_access_block.bundles.ignore_public_acls,
      aws_s3_bucket_public_access_block.bundles.restrict_public_buckets,
    ] == [true, true, true, true]
    error_message = "the bucket of bundles is not private"
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.bundles.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs count in the bucket of bundles"
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.bundles.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "the bucket of bundles is not encrypted"
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.bundles.versioning_configuration).status == "Enabled"
    error_message = "the bucket of bundles is not versioned"
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.bundles.policy).Statement == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::bundles", "arn:aws:s3:::bundles/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "the bucket of bundles answers without TLS"
  }

  assert {
    condition = (
      one(aws_s3_bucket_lifecycle_configuration.bundles.rule).status == "Enabled" &&
      one(one(aws_s3_bucket_lifecycle_configuration.bundles.rule).noncurrent_version_expiration).noncurrent_days == 30 &&
      one(one(aws_s3_bucket_lifecycle_configuration.bundles.rule).abort_incomplete_multipart_upload).days_after_initiation == 7
    )
    error_message = "nothing sweeps the bucket of bundles"
  }
}

run "database_is_closed_and_its_password_nowhere" {
  command = plan

  variables {
    database          = true
    database_password = "NobodyMayReadThis0123456789"
  }

  assert {
    condition = (
      aws_db_instance.this[0].storage_encrypted && !aws_db_instance.this[0].publicly_accessible &&
      aws_db_instance.this[0].deletion_protection && !aws_db_instance.this[0].skip_final_snapshot &&
      can(regex("^[0-9]{12}$", terraform_data.database_since[0].input)) &&
      aws_db_instance.this[0].backup_retention_period == 7
    )
    error_message = "the database is not encrypted, private, protected and backed up"
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.database[0].referenced_security_group_id == aws_security_group.instance.id &&
      aws_vpc_security_group_ingress_rule.database[0].cidr_ipv4 == null &&
      aws_vpc_security_group_ingress_rule.database[0].from_port == 5432 &&
      aws_vpc_security_group_ingress_rule.database[0].to_port == 5432
    )
    error_message = "somebody else than the instances reaches the database"
  }

  assert {
    condition     = contains([for p in aws_db_parameter_group.this[0].parameter : "${p.name}=${p.value}"], "rds.force_ssl=1")
    error_message = "the database answers without TLS"
  }

  assert {
    condition     = aws_db_instance.this[0].password == null && aws_db_instance.this[0].password_wo_version == 1
    error_message = "the password is in the state, or is not written"
  }

  assert {
    condition     = aws_secretsmanager_secret_version.store_url[0].secret_string == null && aws_secretsmanager_secret_version.store_url[0].secret_string_wo_version == 1
    error_message = "the store's URL is in the state, or is not written"
  }

  assert {
    condition     = !strcontains(jsonencode(aws_elastic_beanstalk_environment.this.setting), "NobodyMayReadThis")
    error_message = "the password is a plain setting of the environment"
  }

  assert {
    condition = contains(
      flatten([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Resource if s.Sid == "Secrets"]),
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:store-url",
    )
    error_message = "an instance cannot read the store's URL"
  }
}

run "a_database_that_may_be_deleted_still_leaves_a_snapshot" {
  command = plan

  variables {
    database           = true
    database_protected = false
    database_password  = "NobodyMayReadThis0123456789"
    database_snapshot  = "fitserve-dev-last-202611271200"
  }

  assert {
    condition     = !aws_db_instance.this[0].deletion_protection && !aws_db_instance.this[0].skip_final_snapshot
    error_message = "a teardown loses every model"
  }

  assert {
    condition     = aws_db_instance.this[0].snapshot_identifier == "fitserve-dev-last-202611271200"
    error_message = "a database does not begin as the snapshot that is named"
  }
}

run "database_password_is_changed_in_both_places_at_once" {
  command = plan

  variables {
    database                  = true
    database_password         = "NobodyMayReadThis0123456789"
    database_password_version = 2
  }

  assert {
    condition = [
      aws_db_instance.this[0].password_wo_version, aws_secretsmanager_secret_version.store_url[0].secret_string_wo_version,
    ] == [2, 2]
    error_message = "RDS and the secret do not get a new password together"
  }
}

run "without_a_database_nothing_of_it" {
  command = plan

  assert {
    condition = (
      length(aws_db_instance.this) + length(aws_secretsmanager_secret.store_url) + length(aws_security_group.database) == 0 &&
      !contains([for s in aws_elastic_beanstalk_environment.this.setting : s.namespace], "aws:elasticbeanstalk:application:environmentsecrets")
    )
    error_message = "parts of a database are there without one"
  }
}

run "volumes_are_encrypted_by_the_account" {
  command = plan

  assert {
    condition     = one(aws_ebs_encryption_by_default.this).enabled
    error_message = "EBS encryption by default is not turned on"
  }
}

run "an_account_that_does_not_encrypt_volumes_is_refused" {
  command = plan

  variables {
    owns_account_settings = false
  }

  override_data {
    target = data.aws_ebs_encryption_by_default.this
    values = { enabled = false }
  }

  expect_failures = [aws_elastic_beanstalk_environment.this]
}

run "an_account_has_one_oidc_provider" {
  command = plan

  variables {
    owns_account_settings = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) + length(aws_ebs_encryption_by_default.this) == 0
    error_message = "a second environment of an account would collide with the first"
  }
}

run "platform_docker" {
  command = plan

  assert {
    condition     = data.aws_elastic_beanstalk_solution_stack.this.name_regex == "^64bit Amazon Linux 2023 v[0-9.]+ running Docker$" && data.aws_elastic_beanstalk_solution_stack.this.most_recent
    error_message = "the platform is not the newest Docker on Amazon Linux 2023"
  }

  assert {
    condition     = can(regex(data.aws_elastic_beanstalk_solution_stack.this.name_regex, "64bit Amazon Linux 2023 v4.7.3 running Docker")) && !can(regex(data.aws_elastic_beanstalk_solution_stack.this.name_regex, "64bit Amazon Linux 2023 v4.7.3 running ECS"))
    error_message = "the pattern misses real names of platforms"
  }
}

run "platform_python" {
  command = plan

  variables {
    platform = "python"
  }

  assert {
    condition     = can(regex(data.aws_elastic_beanstalk_solution_stack.this.name_regex, "64bit Amazon Linux 2023 v4.7.3 running Python 3.13"))
    error_message = "the pattern misses real names of platforms"
  }

  assert {
    condition     = !can(regex(data.aws_elastic_beanstalk_solution_stack.this.name_regex, "64bit Amazon Linux 2 v3.7.3 running Python 3.13"))
    error_message = "the pattern takes Amazon Linux 2"
  }
}
