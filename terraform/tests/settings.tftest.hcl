# Every Beanstalk setting of a plan, by namespace, name and value. The whole map is compared, so one
# that is missing, different or new fails alike.

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

run "one_instance" {
  command = plan

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : "${s.namespace} ${s.name}" => s.value
      } == {
      "aws:autoscaling:asg MaxSize"                                               = "1"
      "aws:autoscaling:asg MinSize"                                               = "1"
      "aws:autoscaling:launchconfiguration DisableDefaultEC2SecurityGroup"        = "true"
      "aws:autoscaling:launchconfiguration DisableIMDSv1"                         = "true"
      "aws:autoscaling:launchconfiguration IamInstanceProfile"                    = "fitserve-dev-instance"
      "aws:autoscaling:launchconfiguration RootVolumeSize"                        = "20"
      "aws:autoscaling:launchconfiguration RootVolumeType"                        = "gp3"
      "aws:autoscaling:launchconfiguration SecurityGroups"                        = "sg-00000000"
      "aws:ec2:instances InstanceTypes"                                           = "t3.small"
      "aws:ec2:instances SupportedArchitectures"                                  = "x86_64"
      "aws:ec2:vpc AssociatePublicIpAddress"                                      = "true"
      "aws:ec2:vpc Subnets"                                                       = "subnet-0000000a,subnet-0000000b"
      "aws:ec2:vpc VPCId"                                                         = "vpc-00000000"
      "aws:elasticbeanstalk:application Application Healthcheck URL"              = "/health"
      "aws:elasticbeanstalk:application:environment FITSERVE_CACHE_MB"            = "166"
      "aws:elasticbeanstalk:application:environment FITSERVE_MAX_CONTENT_LENGTH"  = "67108864"
      "aws:elasticbeanstalk:application:environment FITSERVE_PROXIES"             = "1"
      "aws:elasticbeanstalk:application:environment FITSERVE_STORE"               = "sqlite:////var/lib/fitserve/fitserve.sqlite3"
      "aws:elasticbeanstalk:application:environment FITSERVE_TRAINING_MEMORY_MB"  = "166"
      "aws:elasticbeanstalk:application:environment FITSERVE_TRAINING_SECONDS"    = "300"
      "aws:elasticbeanstalk:application:environment WEB_CONCURRENCY"              = "2"
      "aws:elasticbeanstalk:cloudwatch:logs DeleteOnTerminate"                    = "false"
      "aws:elasticbeanstalk:cloudwatch:logs RetentionInDays"                      = "30"
      "aws:elasticbeanstalk:cloudwatch:logs StreamLogs"                           = "true"
      "aws:elasticbeanstalk:cloudwatch:logs:health DeleteOnTerminate"             = "false"
      "aws:elasticbeanstalk:cloudwatch:logs:health HealthStreamingEnabled"        = "true"
      "aws:elasticbeanstalk:cloudwatch:logs:health RetentionInDays"               = "30"
      "aws:elasticbeanstalk:command BatchSize"                                    = "1"
      "aws:elasticbeanstalk:command BatchSizeType"                                = "Fixed"
      "aws:elasticbeanstalk:command DeploymentPolicy"                             = "AllAtOnce"
      "aws:elasticbeanstalk:command IgnoreHealthCheck"                            = "false"
      "aws:elasticbeanstalk:command Timeout"                                      = "900"
      "aws:elasticbeanstalk:environment EnvironmentType"                          = "SingleInstance"
      "aws:elasticbeanstalk:environment ServiceRole"                              = "fitserve-dev-service"
      "aws:elasticbeanstalk:environment:proxy ProxyServer"                        = "nginx"
      "aws:elasticbeanstalk:healthreporting:system ConfigDocument"                = "{\"Rules\":{\"Environment\":{\"Application\":{\"ApplicationRequests4xx\":{\"Enabled\":false}},\"ELB\":{\"ELBRequests4xx\":{\"Enabled\":false}}}},\"Version\":1}"
      "aws:elasticbeanstalk:healthreporting:system EnhancedHealthAuthEnabled"     = "true"
      "aws:elasticbeanstalk:healthreporting:system HealthCheckSuccessThreshold"   = "Ok"
      "aws:elasticbeanstalk:healthreporting:system SystemType"                    = "enhanced"
      "aws:elasticbeanstalk:managedactions ManagedActionsEnabled"                 = "true"
      "aws:elasticbeanstalk:managedactions PreferredStartTime"                    = "Sun:03:00"
      "aws:elasticbeanstalk:managedactions ServiceRoleForManagedUpdates"          = "fitserve-dev-service"
      "aws:elasticbeanstalk:managedactions:platformupdate InstanceRefreshEnabled" = "false"
      "aws:elasticbeanstalk:managedactions:platformupdate UpdateLevel"            = "minor"
    }
    error_message = "a single instance has other settings than these"
  }
}

run "load_balanced_over_a_database" {
  command = plan

  variables {
    environment        = "prod"
    size               = "large"
    load_balanced      = true
    min_instances      = 2
    max_instances      = 4
    database           = true
    database_password  = "0123456789abcdefghij"
    log_retention_days = 90
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : "${s.namespace} ${s.name}" => s.value
      } == {
      "aws:autoscaling:asg MaxSize"                                               = "4"
      "aws:autoscaling:asg MinSize"                                               = "2"
      "aws:autoscaling:launchconfiguration DisableDefaultEC2SecurityGroup"        = "true"
      "aws:autoscaling:launchconfiguration DisableIMDSv1"                         = "true"
      "aws:autoscaling:launchconfiguration IamInstanceProfile"                    = "fitserve-prod-instance"
      "aws:autoscaling:launchconfiguration RootVolumeSize"                        = "20"
      "aws:autoscaling:launchconfiguration RootVolumeType"                        = "gp3"
      "aws:autoscaling:launchconfiguration SecurityGroups"                        = "sg-00000000"
      "aws:autoscaling:trigger BreachDuration"                                    = "3"
      "aws:autoscaling:trigger LowerBreachScaleIncrement"                         = "-1"
      "aws:autoscaling:trigger LowerThreshold"                                    = "18000"
      "aws:autoscaling:trigger MeasureName"                                       = "RequestCount"
      "aws:autoscaling:trigger Period"                                            = "1"
      "aws:autoscaling:trigger Statistic"                                         = "Sum"
      "aws:autoscaling:trigger Unit"                                              = "Count"
      "aws:autoscaling:trigger UpperBreachScaleIncrement"                         = "1"
      "aws:autoscaling:trigger UpperThreshold"                                    = "36000"
      "aws:autoscaling:updatepolicy:rollingupdate MaxBatchSize"                   = "1"
      "aws:autoscaling:updatepolicy:rollingupdate MinInstancesInService"          = "2"
      "aws:autoscaling:updatepolicy:rollingupdate RollingUpdateEnabled"           = "true"
      "aws:autoscaling:updatepolicy:rollingupdate RollingUpdateType"              = "Health"
      "aws:ec2:instances InstanceTypes"                                           = "t3.large"
      "aws:ec2:instances SupportedArchitectures"                                  = "x86_64"
      "aws:ec2:vpc AssociatePublicIpAddress"                                      = "true"
      "aws:ec2:vpc ELBScheme"                                                     = "public"
      "aws:ec2:vpc ELBSubnets"                                                    = "subnet-0000000a,subnet-0000000b"
      "aws:ec2:vpc Subnets"                                                       = "subnet-0000000a,subnet-0000000b"
      "aws:ec2:vpc VPCId"                                                         = "vpc-00000000"
      "aws:elasticbeanstalk:application Application Healthcheck URL"              = "/health"
      "aws:elasticbeanstalk:application:environment FITSERVE_CACHE_MB"            = "934"
      "aws:elasticbeanstalk:application:environment FITSERVE_MAX_CONTENT_LENGTH"  = "67108864"
      "aws:elasticbeanstalk:application:environment FITSERVE_PROXIES"             = "2"
      "aws:elasticbeanstalk:application:environment FITSERVE_TRAINING_MEMORY_MB"  = "934"
      "aws:elasticbeanstalk:application:environment FITSERVE_TRAINING_SECONDS"    = "300"
      "aws:elasticbeanstalk:application:environment WEB_CONCURRENCY"              = "2"
      "aws:elasticbeanstalk:application:environmentsecrets FITSERVE_STORE"        = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:store-url"
      "aws:elasticbeanstalk:cloudwatch:logs DeleteOnTerminate"                    = "false"
      "aws:elasticbeanstalk:cloudwatch:logs RetentionInDays"                      = "90"
      "aws:elasticbeanstalk:cloudwatch:logs StreamLogs"                           = "true"
      "aws:elasticbeanstalk:cloudwatch:logs:health DeleteOnTerminate"             = "false"
      "aws:elasticbeanstalk:cloudwatch:logs:health HealthStreamingEnabled"        = "true"
      "aws:elasticbeanstalk:cloudwatch:logs:health RetentionInDays"               = "90"
      "aws:elasticbeanstalk:command BatchSize"                                    = "2"
      "aws:elasticbeanstalk:command BatchSizeType"                                = "Fixed"
      "aws:elasticbeanstalk:command DeploymentPolicy"                             = "RollingWithAdditionalBatch"
      "aws:elasticbeanstalk:command IgnoreHealthCheck"                            = "false"
      "aws:elasticbeanstalk:command Timeout"                                      = "900"
      "aws:elasticbeanstalk:environment EnvironmentType"                          = "LoadBalanced"
      "aws:elasticbeanstalk:environment LoadBalancerType"                         = "application"
      "aws:elasticbeanstalk:environment ServiceRole"                              = "fitserve-prod-service"
      "aws:elasticbeanstalk:environment:process:default DeregistrationDelay"      = "330"
      "aws:elasticbeanstalk:environment:process:default HealthCheckInterval"      = "15"
      "aws:elasticbeanstalk:environment:process:default HealthCheckPath"          = "/health"
      "aws:elasticbeanstalk:environment:process:default HealthCheckTimeout"       = "5"
      "aws:elasticbeanstalk:environment:process:default MatcherHTTPCode"          = "200"
      "aws:elasticbeanstalk:environment:process:default Port"                     = "80"
      "aws:elasticbeanstalk:environment:process:default Protocol"                 = "HTTP"
      "aws:elasticbeanstalk:environment:proxy ProxyServer"                        = "nginx"
      "aws:elasticbeanstalk:healthreporting:system ConfigDocument"                = "{\"Rules\":{\"Environment\":{\"Application\":{\"ApplicationRequests4xx\":{\"Enabled\":false}},\"ELB\":{\"ELBRequests4xx\":{\"Enabled\":false}}}},\"Version\":1}"
      "aws:elasticbeanstalk:healthreporting:system EnhancedHealthAuthEnabled"     = "true"
      "aws:elasticbeanstalk:healthreporting:system HealthCheckSuccessThreshold"   = "Ok"
      "aws:elasticbeanstalk:healthreporting:system SystemType"                    = "enhanced"
      "aws:elasticbeanstalk:managedactions ManagedActionsEnabled"                 = "true"
      "aws:elasticbeanstalk:managedactions PreferredStartTime"                    = "Sun:03:00"
      "aws:elasticbeanstalk:managedactions ServiceRoleForManagedUpdates"          = "fitserve-prod-service"
      "aws:elasticbeanstalk:managedactions:platformupdate InstanceRefreshEnabled" = "true"
      "aws:elasticbeanstalk:managedactions:platformupdate UpdateLevel"            = "minor"
      "aws:elbv2:listener:default ListenerEnabled"                                = "true"
      "aws:elbv2:loadbalancer IdleTimeout"                                        = "330"
      "aws:elbv2:loadbalancer ManagedSecurityGroup"                               = "sg-00000000"
      "aws:elbv2:loadbalancer SecurityGroups"                                     = "sg-00000000"
    }
    error_message = "many instances over a database have other settings than these"
  }
}

run "certificate_adds_https_and_closes_http" {
  command = plan

  variables {
    load_balanced   = true
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : "${s.namespace} ${s.name}" => s.value
      if startswith(s.namespace, "aws:elbv2:listener")
      } == {
      "aws:elbv2:listener:443 DefaultProcess"      = "default"
      "aws:elbv2:listener:443 ListenerEnabled"     = "true"
      "aws:elbv2:listener:443 Protocol"            = "HTTPS"
      "aws:elbv2:listener:443 SSLCertificateArns"  = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      "aws:elbv2:listener:443 SSLPolicy"           = "ELBSecurityPolicy-TLS13-1-2-2021-06"
      "aws:elbv2:listener:default ListenerEnabled" = "false"
    }
    error_message = "with a certificate the load balancer listens otherwise than on 443 alone"
  }

  assert {
    condition     = startswith(output.url, "https://")
    error_message = "with a certificate the URL is not https"
  }
}

run "keys_are_passed_by_arn" {
  command = plan

  variables {
    without_key    = "nothing"
    read_keys_arn  = "arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"
    write_keys_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : s.name => s.value
      if s.namespace == "aws:elasticbeanstalk:application:environmentsecrets"
      } == {
      FITSERVE_READ_KEYS  = "arn:aws:ssm:eu-central-1:123456789012:parameter/fitserve/read-keys"
      FITSERVE_WRITE_KEYS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fitserve/write-keys-AbCdEf"
    }
    error_message = "the keys are not passed as secrets by their ARNs"
  }
}

run "store_url_is_plain" {
  command = plan

  variables {
    store_url = "postgresql+psycopg://fitserve@db.example.internal/fitserve"
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : s.name => s.value
      if startswith(s.namespace, "aws:elasticbeanstalk:application:environment")
      } == {
      FITSERVE_CACHE_MB           = "166"
      FITSERVE_MAX_CONTENT_LENGTH = "67108864"
      FITSERVE_PROXIES            = "1"
      FITSERVE_STORE              = "postgresql+psycopg://fitserve@db.example.internal/fitserve"
      FITSERVE_TRAINING_MEMORY_MB = "166"
      FITSERVE_TRAINING_SECONDS   = "300"
      WEB_CONCURRENCY             = "2"
    }
    error_message = "store_url does not become FITSERVE_STORE"
  }
}

run "private_subnets" {
  command = plan

  variables {
    load_balanced      = true
    public_subnet_ids  = ["subnet-11111111", "subnet-22222222"]
    private_subnet_ids = ["subnet-33333333", "subnet-44444444"]
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : s.name => s.value if s.namespace == "aws:ec2:vpc"
      } == {
      AssociatePublicIpAddress = "false"
      ELBScheme                = "public"
      ELBSubnets               = "subnet-11111111,subnet-22222222"
      Subnets                  = "subnet-33333333,subnet-44444444"
      VPCId                    = "vpc-00000000"
    }
    error_message = "the instances do not move to the private subnets, or the load balancer does"
  }
}

run "rolling_updates_leave_room" {
  command = plan

  variables {
    load_balanced = true
  }

  assert {
    condition = one([
      for s in aws_elastic_beanstalk_environment.this.setting : s.value if s.name == "MinInstancesInService"
    ]) == "0"
    error_message = "with one instance at most, none can be asked to stay in service"
  }
}

run "an_internal_load_balancer_has_private_addresses" {
  command = plan

  variables {
    load_balanced      = true
    internal           = true
    public_subnet_ids  = ["subnet-11111111", "subnet-22222222"]
    private_subnet_ids = ["subnet-33333333", "subnet-44444444"]
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : s.name => s.value if startswith(s.name, "ELBS")
    } == { ELBScheme = "internal", ELBSubnets = "subnet-33333333,subnet-44444444" }
    error_message = "an internal load balancer has public addresses, or stands in public subnets"
  }

  assert {
    condition     = !output.open
    error_message = "a deploy from anywhere is told that it reaches what is internal"
  }
}

run "memory_of_every_size_holds_what_it_is_told_to" {
  command = plan

  variables {
    size = "medium"
  }

  assert {
    condition = {
      for s in aws_elastic_beanstalk_environment.this.setting : s.name => s.value
      if contains(["InstanceTypes", "FITSERVE_TRAINING_MEMORY_MB", "FITSERVE_CACHE_MB"], s.name)
    } == { InstanceTypes = "t3.medium", FITSERVE_TRAINING_MEMORY_MB = "422", FITSERVE_CACHE_MB = "422" }
    error_message = "medium is not a t3.medium whose trainings take 422 MiB and whose caches 422"
  }

  assert {
    condition = (
      local.system_mb + local.workers * (local.worker_mb + local.cache_mb) + local.trainings * local.training_mb
      <= local.instance_mb[var.size] - local.free_mb / 4
    )
    error_message = "what workers, caches and trainings may take leaves no quarter of what is free for requests"
  }
}

run "waiting_is_the_sum_of_what_is_waited_for" {
  command = plan

  assert {
    condition     = [local.answer_seconds, local.stop_seconds, local.command_seconds, output.wait_seconds] == [330, 345, 900, 1770]
    error_message = "one instance: drained or stopped, built, four minutes of Beanstalk's, well"
  }
}

run "waiting_for_many_does_not_grow_with_their_number" {
  command = plan

  variables {
    load_balanced     = true
    max_instances     = 20
    database          = true
    database_password = "0123456789abcdefghij"
  }

  assert {
    condition = [output.wait_seconds, one([
      for s in aws_elastic_beanstalk_environment.this.setting : s.value if s.name == "BatchSize"
    ])] == [5310, "10"]
    error_message = "many instances are updated in more than three batches"
  }

  assert {
    condition     = aws_iam_role.deploy.max_session_duration >= 2 * output.wait_seconds + 1200
    error_message = "the deploy role ends before a deploy and its rollback do"
  }
}
