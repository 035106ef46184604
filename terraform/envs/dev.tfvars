# One small machine that may lose its models.
environment           = "dev"
github_repository     = "OWNER@ID/NAME@ID" # yours (docs/deploy.md); a plan stops until it is
github_environment    = "dev"
owns_account_settings = true

allowed_cidrs = ["192.0.2.1/32"] # yours; nobody has this one

# Yours; a plan stops until they are, or without_key says what shall be open to everybody.
read_keys_arn  = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"
write_keys_arn = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"

size               = "small"
load_balanced      = false
log_retention_days = 7
