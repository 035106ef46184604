resource "aws_elastic_beanstalk_application" "this" {
  name        = local.prefix
  description = "Train a model over HTTP, ask it for predictions"

  appversion_lifecycle {
    service_role          = aws_iam_role.service.arn
    max_count             = var.versions_kept
    delete_source_from_s3 = true
  }
}

# Creation takes the newest; after that the managed updates below keep it new.
data "aws_elastic_beanstalk_solution_stack" "this" {
  most_recent = true
  name_regex = {
    docker = "^64bit Amazon Linux 2023 v[0-9.]+ running Docker$"
    python = "^64bit Amazon Linux 2023 v[0-9.]+ running Python ${replace(var.python_version, ".", "\\.")}$"
  }[var.platform]
}

# Docker and Python are different platforms, and an environment cannot change between them.
resource "terraform_data" "platform" {
  input = var.platform == "python" ? "python ${var.python_version}" : var.platform
}

locals {
  # namespace -> name -> value. The names are checked against the documented ones (tests/deploy).
  settings = {
    "aws:elasticbeanstalk:environment" = {
      EnvironmentType = var.load_balanced ? "LoadBalanced" : "SingleInstance"
      ServiceRole     = aws_iam_role.service.name
    }
    "aws:elasticbeanstalk:environment:proxy" = {
      ProxyServer = "nginx"
    }
    "aws:elasticbeanstalk:application" = {
      "Application Healthcheck URL" = "/health"
    }
    "aws:elasticbeanstalk:application:environment" = {
      FITSERVE_CACHE_MB           = tostring(local.cache_mb)
      FITSERVE_MAX_CONTENT_LENGTH = tostring(var.max_content_length)
      FITSERVE_PROXIES            = var.load_balanced ? "2" : "1" # the balancer, and nginx beside the container
      FITSERVE_TRAINING_MEMORY_MB = tostring(local.training_mb)
      FITSERVE_TRAINING_SECONDS   = tostring(local.training_seconds)
      WEB_CONCURRENCY             = tostring(local.workers)
    }
    "aws:elasticbeanstalk:healthreporting:system" = {
      SystemType                  = "enhanced"
      EnhancedHealthAuthEnabled   = "true"
      HealthCheckSuccessThreshold = "Ok"
      # A 422 or a 401 is the caller's mistake. Counted as ill health, a client with a bad file could stop a deploy.
      ConfigDocument = jsonencode({
        Version = 1
        Rules = {
          Environment = {
            Application = { ApplicationRequests4xx = { Enabled = false } }
            ELB         = { ELBRequests4xx = { Enabled = false } }
          }
        }
      })
    }
    "aws:elasticbeanstalk:managedactions" = {
      ManagedActionsEnabled        = "true"
      PreferredStartTime           = "Sun:03:00"
      ServiceRoleForManagedUpdates = aws_iam_role.service.name
    }
    "aws:elasticbeanstalk:managedactions:platformupdate" = {
      UpdateLevel = "minor"
      # A new instance every week, also without an update: only where the models are not on it.
      InstanceRefreshEnabled = tostring(var.database)
    }
    "aws:elasticbeanstalk:cloudwatch:logs" = {
      StreamLogs        = "true"
      RetentionInDays   = tostring(var.log_retention_days)
      DeleteOnTerminate = "false"
    }
    "aws:elasticbeanstalk:cloudwatch:logs:health" = {
      HealthStreamingEnabled = "true"
      RetentionInDays        = tostring(var.log_retention_days)
      DeleteOnTerminate      = "false"
    }
    "aws:elasticbeanstalk:command" = {
      DeploymentPolicy  = var.load_balanced ? "RollingWithAdditionalBatch" : "AllAtOnce"
      BatchSizeType     = "Fixed"
      BatchSize         = tostring(local.batch)
      IgnoreHealthCheck = "false"
      Timeout           = tostring(local.command_seconds)
    }
    "aws:autoscaling:launchconfiguration" = {
      # Makes Beanstalk use launch templates: accounts made since 2024 cannot make launch configurations.
      DisableIMDSv1      = "true"
      IamInstanceProfile = aws_iam_instance_profile.instance.name
      # Beanstalk's own group opens port 80 of a single instance to the world.
      DisableDefaultEC2SecurityGroup = "true"
      SecurityGroups                 = aws_security_group.instance.id
      RootVolumeType                 = "gp3"
      RootVolumeSize                 = "20"
    }
    "aws:autoscaling:asg" = {
      MinSize = tostring(var.min_instances)
      MaxSize = tostring(var.max_instances)
    }
    "aws:ec2:instances" = {
      InstanceTypes          = local.instance_types[var.size]
      SupportedArchitectures = "x86_64"
    }
    "aws:ec2:vpc" = {
      VPCId                    = data.aws_vpc.this.id
      Subnets                  = join(",", sort(local.instance_subnets))
      AssociatePublicIpAddress = tostring(length(var.private_subnet_ids) == 0)
    }
  }

  load_balancer_settings = {
    "aws:elasticbeanstalk:environment" = {
      LoadBalancerType = "application"
    }
    "aws:elasticbeanstalk:environment:process:default" = {
      Protocol            = "HTTP"
      Port                = "80"
      HealthCheckPath     = "/health"
      MatcherHTTPCode     = "200"
      HealthCheckInterval = "15"
      HealthCheckTimeout  = "5"
      # What was asked is answered before an instance is updated or taken away.
      DeregistrationDelay = tostring(local.answer_seconds)
    }
    "aws:elbv2:loadbalancer" = {
      IdleTimeout          = tostring(local.answer_seconds)
      ManagedSecurityGroup = one(aws_security_group.balancer[*].id)
      SecurityGroups       = one(aws_security_group.balancer[*].id)
    }
    # With a certificate port 80 is closed: a redirect would come after the key was sent in plain text.
    "aws:elbv2:listener:default" = {
      ListenerEnabled = tostring(var.certificate_arn == null)
    }
    "aws:ec2:vpc" = {
      ELBSubnets = join(",", sort(var.internal ? local.instance_subnets : local.public_subnets))
      ELBScheme  = var.internal ? "internal" : "public"
    }
    "aws:autoscaling:updatepolicy:rollingupdate" = {
      RollingUpdateEnabled  = "true"
      RollingUpdateType     = "Health"
      MaxBatchSize          = "1"
      MinInstancesInService = tostring(min(var.min_instances, var.max_instances - 1))
    }
    # By requests, and of all instances together. An instance that goes drains first; what it was training from the
    # queue is trained anew by another.
    "aws:autoscaling:trigger" = {
      MeasureName               = "RequestCount"
      Statistic                 = "Sum"
      Unit                      = "Count"
      Period                    = "1"
      BreachDuration            = "3"
      UpperThreshold            = tostring(var.requests_per_instance * var.min_instances)
      UpperBreachScaleIncrement = "1"
      LowerThreshold            = tostring(floor(var.requests_per_instance * var.min_instances / 2))
      LowerBreachScaleIncrement = "-1"
    }
  }

  https_settings = {
    "aws:elbv2:listener:443" = {
      ListenerEnabled    = "true"
      Protocol           = "HTTPS"
      SSLCertificateArns = var.certificate_arn
      SSLPolicy          = "ELBSecurityPolicy-TLS13-1-2-2021-06"
      DefaultProcess     = "default"
    }
  }

  store_settings = {
    "aws:elasticbeanstalk:application:environment" = {
      FITSERVE_STORE = coalesce(var.store_url, "sqlite:////var/lib/fitserve/fitserve.sqlite3")
    }
  }

  # ARNs, not values: an instance reads each when it starts, by its own role.
  secrets = merge(
    var.database ? { FITSERVE_STORE = aws_secretsmanager_secret.store_url[0].arn } : {},
    var.read_keys_arn == null ? {} : { FITSERVE_READ_KEYS = var.read_keys_arn },
    var.write_keys_arn == null ? {} : { FITSERVE_WRITE_KEYS = var.write_keys_arn },
  )

  conditional_settings = concat(
    var.load_balanced ? [local.load_balancer_settings] : [],
    var.certificate_arn == null ? [] : [local.https_settings],
    var.database ? [] : [local.store_settings],
    [{ "aws:elasticbeanstalk:application:environmentsecrets" = local.secrets }],
  )
}

resource "aws_elastic_beanstalk_environment" "this" {
  #checkov:skip=CKV_AWS_312:Enhanced health is on; checkov does not look into dynamic blocks, tests/settings.tftest.hcl does.
  #checkov:skip=CKV_AWS_340:Managed updates are on, likewise.
  name                   = local.prefix
  application            = aws_elastic_beanstalk_application.this.name
  solution_stack_name    = data.aws_elastic_beanstalk_solution_stack.this.name
  wait_for_ready_timeout = "${ceil(max(local.update_seconds, 1800) / 60)}m"

  # Apart from the next one because validate can look into it: nothing in it depends on what is unknown.
  dynamic "setting" {
    for_each = flatten([for namespace, options in local.settings : [
      for name, value in options : { namespace = namespace, name = name, value = value }
    ]])

    content {
      namespace = setting.value.namespace
      name      = setting.value.name
      value     = setting.value.value
    }
  }

  dynamic "setting" {
    for_each = flatten([for settings in local.conditional_settings : [
      for namespace, options in settings : [
        for name, value in options : { namespace = namespace, name = name, value = value }
      ]
    ]])

    content {
      namespace = setting.value.namespace
      name      = setting.value.name
      value     = setting.value.value
    }
  }

  lifecycle {
    # Managed updates move the platform, deploys move the version; neither is drift.
    ignore_changes       = [solution_stack_name, version_label]
    replace_triggered_by = [terraform_data.platform]

    precondition {
      condition     = data.aws_ebs_encryption_by_default.this.enabled
      error_message = "owns_account_settings: EBS encryption by default is off in this region and this state does not own it. Set it to true here or in another environment of the account."
    }
  }

  depends_on = [
    aws_iam_role_policy.instance,
    aws_iam_role_policy.service,
    aws_iam_role_policy_attachment.service,
    aws_secretsmanager_secret_version.store_url,
  ]
}
