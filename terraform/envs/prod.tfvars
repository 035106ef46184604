# Two machines at least, behind a load balancer, over one database.
environment           = "prod"
github_repository     = "OWNER@ID/NAME@ID" # yours (docs/deploy.md); a plan stops until it is
github_environment    = "production"
owns_account_settings = true # false when dev is in the same account

allowed_cidrs = ["192.0.2.1/32"] # yours; nobody has this one

# Yours; a plan stops until they are, or without_key says what shall be open to everybody.
read_keys_arn  = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"
write_keys_arn = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"

size               = "large"
load_balanced      = true
min_instances      = 2
max_instances      = 4
log_retention_days = 90

database           = true
database_class     = "db.t4g.small"
database_multi_az  = true
database_protected = true

# certificate_arn = "arn:aws:acm:REGION:ACCOUNT:certificate/ID"
