# PostgreSQL beside the environment, not inside it: it stays when the environment is rebuilt.
resource "aws_db_subnet_group" "this" {
  count      = var.database ? 1 : 0
  name       = local.prefix
  subnet_ids = local.instance_subnets
}

resource "aws_security_group" "database" {
  count       = var.database ? 1 : 0
  name_prefix = "${local.prefix}-database-"
  description = "PostgreSQL of ${local.prefix}"
  vpc_id      = data.aws_vpc.this.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count                        = var.database ? 1 : 0
  security_group_id            = aws_security_group.database[0].id
  description                  = "The instances of this environment"
  referenced_security_group_id = aws_security_group.instance.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "this" {
  count       = var.database ? 1 : 0
  name_prefix = "${local.prefix}-"
  family      = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # Statements that change tables, and whatever takes longer than a second; not every query of every predict.
  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_118:Enhanced monitoring is paid by the hour; Performance Insights below answers the same questions here.
  #checkov:skip=CKV_AWS_157:database_multi_az decides; it doubles the price.
  #checkov:skip=CKV_AWS_161:The server logs in with a URL; IAM tokens would have to be renewed every 15 minutes.
  #checkov:skip=CKV_AWS_293:database_protected decides, true unless an environment says otherwise.
  #checkov:skip=CKV_AWS_354:Performance Insights is encrypted with the AWS key of RDS, like the storage.
  count = var.database ? 1 : 0

  identifier     = local.prefix
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database_class
  db_name        = "fitserve"
  username       = "fitserve"

  password_wo         = var.database_password
  password_wo_version = var.database_password_version

  storage_type          = "gp3"
  allocated_storage     = 20
  max_allocated_storage = 100
  storage_encrypted     = true

  db_subnet_group_name   = aws_db_subnet_group.this[0].name
  vpc_security_group_ids = [aws_security_group.database[0].id]
  parameter_group_name   = aws_db_parameter_group.this[0].name
  publicly_accessible    = false
  multi_az               = var.database_multi_az

  backup_retention_period    = 7
  copy_tags_to_snapshot      = true
  auto_minor_version_upgrade = true
  deletion_protection        = var.database_protected
  skip_final_snapshot        = !var.database_last_snapshot
  final_snapshot_identifier  = "${local.prefix}-last-${terraform_data.database_since[0].output}"
  snapshot_identifier        = var.database_snapshot

  performance_insights_enabled    = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  lifecycle {
    ignore_changes       = [snapshot_identifier] # what it began as; another would replace it, with all that is in it
    replace_triggered_by = [terraform_data.database_since]
  }
}

# Each database's last snapshot has a name of its own: an old one in its place would stop a teardown. So the two are
# replaced together, and it is this one that is named to replace them.
resource "terraform_data" "database_since" {
  count = var.database ? 1 : 0
  input = formatdate("YYYYMMDDhhmm", plantimestamp())

  lifecycle {
    ignore_changes = [input]
  }
}

# The URL with its password, which Beanstalk reads for the instances. Neither is in the state.
resource "aws_secretsmanager_secret" "store_url" {
  #checkov:skip=CKV_AWS_149:The AWS key of Secrets Manager encrypts it; a key of one's own costs more than the secret and protects it from nobody else.
  #checkov:skip=CKV2_AWS_57:Beanstalk reads a secret when an instance starts, so a rotation by clock would cut the instances off; database_password_version rotates it.
  count                   = var.database ? 1 : 0
  name_prefix             = "${local.prefix}-store-url-"
  description             = "FITSERVE_STORE of ${local.prefix}"
  recovery_window_in_days = var.database_protected ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "store_url" {
  count                    = var.database ? 1 : 0
  secret_id                = aws_secretsmanager_secret.store_url[0].id
  secret_string_wo         = "postgresql+psycopg://${aws_db_instance.this[0].username}:${var.database_password}@${aws_db_instance.this[0].address}:5432/${aws_db_instance.this[0].db_name}?sslmode=require"
  secret_string_wo_version = var.database_password_version
}
