# Two machines at least, behind a load balancer, over one database.
environment           = "prod"
github_repository     = "OWNER/fitserve" # yours
github_environment    = "production"
owns_account_settings = true # false when dev is in the same account

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
# write_keys_arn  = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"
