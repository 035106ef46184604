# The two environments plan as their own files say. A variable added to a file must be added here.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "files" {
  command = plan

  module {
    source = "./tests/tfvars"
  }

  assert {
    condition = keys(output.dev) == [
      "allowed_cidrs", "environment", "github_environment", "github_repository", "load_balanced", "log_retention_days",
      "owns_account_settings", "read_keys_arn", "size", "write_keys_arn",
    ]
    error_message = "envs/dev.tfvars sets other variables than the run dev passes on"
  }

  assert {
    condition = keys(output.prod) == [
      "allowed_cidrs", "database", "database_class", "database_multi_az", "database_protected", "environment", "github_environment",
      "github_repository", "load_balanced", "log_retention_days", "max_instances", "min_instances",
      "owns_account_settings", "read_keys_arn", "size", "write_keys_arn",
    ]
    error_message = "envs/prod.tfvars sets other variables than the run prod passes on"
  }
}

run "a_repository_and_keys_that_are_not_yours_yet_stop_the_plan" {
  command = plan

  variables {
    environment           = run.files.dev.environment
    allowed_cidrs         = run.files.dev.allowed_cidrs
    github_repository     = run.files.dev.github_repository
    read_keys_arn         = run.files.dev.read_keys_arn
    write_keys_arn        = run.files.dev.write_keys_arn
    github_environment    = run.files.dev.github_environment
    owns_account_settings = run.files.dev.owns_account_settings
    size                  = run.files.dev.size
    load_balanced         = run.files.dev.load_balanced
  }

  expect_failures = [var.github_repository, var.read_keys_arn, var.write_keys_arn]
}

run "dev" {
  command = plan

  variables {
    environment           = run.files.dev.environment
    allowed_cidrs         = run.files.dev.allowed_cidrs
    github_repository     = "octo-org@123456/fitserve@456789" # the file has placeholders
    read_keys_arn         = "arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"
    write_keys_arn        = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
    github_environment    = run.files.dev.github_environment
    owns_account_settings = run.files.dev.owns_account_settings
    size                  = run.files.dev.size
    load_balanced         = run.files.dev.load_balanced
    log_retention_days    = run.files.dev.log_retention_days
  }

  assert {
    condition = [output.application, output.environment, output.bucket, output.url] == [
      "fitserve-dev", "fitserve-dev", "fitserve-dev-bundles-123456789012", "http://fitserve.example.elasticbeanstalk.com",
    ]
    error_message = "dev plans other names than fitserve-dev"
  }

  assert {
    condition = alltrue([
      for want in ["EnvironmentType=SingleInstance", "MaxSize=1", "InstanceTypes=t3.small", "RetentionInDays=7"] :
      contains([for s in aws_elastic_beanstalk_environment.this.setting : "${s.name}=${s.value}"], want)
    ])
    error_message = "dev is not one small instance whose logs stay a week"
  }

  assert {
    condition     = length(aws_db_instance.this) == 0
    error_message = "dev pays for a database"
  }
}

run "prod" {
  command = plan

  variables {
    environment           = run.files.prod.environment
    allowed_cidrs         = run.files.prod.allowed_cidrs
    github_repository     = "octo-org@123456/fitserve@456789" # the file has placeholders
    read_keys_arn         = "arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"
    write_keys_arn        = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
    github_environment    = run.files.prod.github_environment
    owns_account_settings = run.files.prod.owns_account_settings
    size                  = run.files.prod.size
    load_balanced         = run.files.prod.load_balanced
    min_instances         = run.files.prod.min_instances
    max_instances         = run.files.prod.max_instances
    log_retention_days    = run.files.prod.log_retention_days
    database              = run.files.prod.database
    database_class        = run.files.prod.database_class
    database_multi_az     = run.files.prod.database_multi_az
    database_protected    = run.files.prod.database_protected
    database_password     = "0123456789abcdefghij"
  }

  assert {
    condition     = [output.application, output.environment] == ["fitserve-prod", "fitserve-prod"]
    error_message = "prod plans other names than fitserve-prod"
  }

  assert {
    condition = alltrue([
      for want in [
        "EnvironmentType=LoadBalanced", "MinSize=2", "MaxSize=4", "InstanceTypes=t3.large",
        "DeploymentPolicy=RollingWithAdditionalBatch", "RetentionInDays=90",
      ] : contains([for s in aws_elastic_beanstalk_environment.this.setting : "${s.name}=${s.value}"], want)
    ])
    error_message = "prod is not two to four large instances behind a load balancer"
  }

  assert {
    condition     = aws_db_instance.this[0].multi_az && aws_db_instance.this[0].deletion_protection
    error_message = "prod's database has no standby, or may be deleted"
  }

  assert {
    condition     = strcontains(aws_iam_role.deploy.assume_role_policy, ":environment:production\"")
    error_message = "prod is deployed by other jobs than those of the environment that asks for approval"
  }
}
