# A wrong variable stops the plan, by a validation of that variable. That each message begins with the
# variable's name is checked beside the settings (tests/deploy).

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

run "name" {
  command = plan

  variables {
    name = "Fit_Serve"
  }

  expect_failures = [var.name]
}

run "environment" {
  command = plan

  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}

run "region" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "repository_without_owner" {
  command = plan

  variables {
    github_repository = "fitserve"
  }

  expect_failures = [var.github_repository]
}

run "repository_with_wildcard" {
  command = plan

  variables {
    github_repository = "octo-org/*"
  }

  expect_failures = [var.github_repository]
}

run "repository_with_a_wildcard_for_an_id" {
  command = plan

  variables {
    github_repository = "octo-org@123456/fitserve@*"
  }

  expect_failures = [var.github_repository]
}

run "repository_with_one_id" {
  command = plan

  variables {
    github_repository = "octo-org/fitserve@456789"
  }

  expect_failures = [var.github_repository]
}

run "nobody_is_allowed" {
  command = plan

  variables {
    allowed_cidrs = []
  }

  expect_failures = [var.allowed_cidrs]
}

run "an_address_without_its_range" {
  command = plan

  variables {
    allowed_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "an_address_that_is_not_its_ranges_first" {
  command = plan

  variables {
    allowed_cidrs = ["203.0.113.7/24"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "an_internal_single_instance" {
  command = plan

  variables {
    internal = true
  }

  expect_failures = [var.internal]
}

run "half_a_request" {
  command = plan

  variables {
    requests_per_instance = 0.5
  }

  expect_failures = [var.requests_per_instance]
}

run "a_snapshot_without_a_database" {
  command = plan

  variables {
    database_snapshot = "fitserve-dev-last-202611271200"
  }

  expect_failures = [var.database_snapshot]
}

run "a_snapshot_by_a_sentence" {
  command = plan

  variables {
    database          = true
    database_password = "0123456789abcdefghij"
    database_snapshot = "the last one"
  }

  expect_failures = [var.database_snapshot]
}

run "github_environment_with_wildcard" {
  command = plan

  variables {
    github_environment = "*"
  }

  expect_failures = [var.github_environment]
}

run "state_bucket" {
  command = plan

  variables {
    state_bucket = "arn:aws:s3:::state"
  }

  expect_failures = [var.state_bucket]
}

run "platform" {
  command = plan

  variables {
    platform = "tomcat"
  }

  expect_failures = [var.platform]
}

run "python_below_the_floor" {
  command = plan

  variables {
    python_version = "3.9"
  }

  expect_failures = [var.python_version]
}

run "size" {
  command = plan

  variables {
    size = "gigantic"
  }

  expect_failures = [var.size]
}

run "min_over_max" {
  command = plan

  variables {
    load_balanced     = true
    min_instances     = 3
    max_instances     = 2
    database          = true
    database_password = "0123456789abcdefghij"
  }

  expect_failures = [var.min_instances]
}

run "min_zero" {
  command = plan

  variables {
    min_instances = 0
  }

  expect_failures = [var.min_instances]
}

run "max_too_many" {
  command = plan

  variables {
    load_balanced     = true
    max_instances     = 21
    database          = true
    database_password = "0123456789abcdefghij"
  }

  expect_failures = [var.max_instances]
}

run "many_without_load_balancer" {
  command = plan

  variables {
    max_instances     = 2
    database          = true
    database_password = "0123456789abcdefghij"
  }

  expect_failures = [var.max_instances]
}

run "many_without_a_common_store" {
  command = plan

  variables {
    load_balanced = true
    max_instances = 2
  }

  expect_failures = [var.max_instances]
}

run "certificate_is_no_arn" {
  command = plan

  variables {
    load_balanced   = true
    certificate_arn = "example.org"
  }

  expect_failures = [var.certificate_arn]
}

run "certificate_of_iam" {
  command = plan

  variables {
    load_balanced   = true
    certificate_arn = "arn:aws:iam::123456789012:server-certificate/example"
  }

  expect_failures = [var.certificate_arn]
}

run "certificate_on_one_instance" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  }

  expect_failures = [var.certificate_arn]
}

run "vpc" {
  command = plan

  variables {
    vpc_id = "default"
  }

  expect_failures = [var.vpc_id]
}

run "public_subnets" {
  command = plan

  variables {
    public_subnet_ids = ["10.0.0.0/24"]
  }

  expect_failures = [var.public_subnet_ids]
}

run "private_subnets" {
  command = plan

  variables {
    load_balanced      = true
    private_subnet_ids = ["10.0.0.0/24"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "private_subnets_on_one_instance" {
  command = plan

  variables {
    private_subnet_ids = ["subnet-33333333"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "body_over_what_nginx_lets_through" {
  command = plan

  variables {
    max_content_length = 67108865
  }

  expect_failures = [var.max_content_length]
}

run "password_in_the_store_url" {
  command = plan

  variables {
    store_url = "postgresql+psycopg://me:secret@db.example.internal/fitserve"
  }

  expect_failures = [var.store_url]
}

run "two_stores" {
  command = plan

  variables {
    store_url         = "sqlite:////var/lib/fitserve/fitserve.sqlite3"
    database          = true
    database_password = "0123456789abcdefghij"
  }

  expect_failures = [var.store_url]
}

run "read_key_itself" {
  command = plan

  variables {
    without_key    = "nothing"
    read_keys_arn  = "s3cret"
    write_keys_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
  }

  expect_failures = [var.read_keys_arn]
}

run "write_key_itself" {
  command = plan

  variables {
    without_key    = "reading"
    write_keys_arn = "s3cret"
  }

  expect_failures = [var.write_keys_arn]
}

run "write_keys_in_a_bucket" {
  command = plan

  variables {
    without_key    = "reading"
    write_keys_arn = "arn:aws:s3:::keys"
  }

  expect_failures = [var.write_keys_arn]
}

run "open_without_saying_so" {
  command = plan

  variables {
    without_key = "nothing"
  }

  expect_failures = [var.read_keys_arn, var.write_keys_arn]
}

run "reading_open_without_saying_so" {
  command = plan

  variables {
    without_key    = "nothing"
    write_keys_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
  }

  expect_failures = [var.read_keys_arn]
}

run "writing_open_without_saying_so" {
  command = plan

  variables {
    without_key = "reading"
  }

  expect_failures = [var.write_keys_arn]
}

run "open_to_something" {
  command = plan

  variables {
    without_key = "something"
  }

  expect_failures = [var.without_key]
}

run "open_and_with_read_keys" {
  command = plan

  variables {
    read_keys_arn = "arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"
  }

  expect_failures = [var.read_keys_arn]
}

run "open_and_with_write_keys" {
  command = plan

  variables {
    write_keys_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
  }

  expect_failures = [var.write_keys_arn]
}

run "retention" {
  command = plan

  variables {
    log_retention_days = 45
  }

  expect_failures = [var.log_retention_days]
}

run "too_few_versions" {
  command = plan

  variables {
    versions_kept = 1
  }

  expect_failures = [var.versions_kept]
}

run "database_class" {
  command = plan

  variables {
    database_class = "t4g.micro"
  }

  expect_failures = [var.database_class]
}

run "database_without_a_password" {
  command = plan

  variables {
    database = true
  }

  expect_failures = [var.database_password]
}

run "password_that_breaks_the_url" {
  command = plan

  variables {
    database          = true
    database_password = "p@ssword/with:signs-in-it"
  }

  expect_failures = [var.database_password]
}

run "password_version" {
  command = plan

  variables {
    database_password_version = 0
  }

  expect_failures = [var.database_password_version]
}

run "many_over_one_machines_sqlite" {
  command = plan

  variables {
    load_balanced = true
    max_instances = 2
    store_url     = "sqlite:////var/lib/fitserve/fitserve.sqlite3"
  }

  expect_failures = [var.max_instances]
}
