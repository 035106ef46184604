# One small machine that may lose its models.
environment           = "dev"
github_repository     = "OWNER@ID/NAME@ID" # yours (docs/deploy.md); a plan stops until it is
github_environment    = "dev"
owns_account_settings = true

allowed_cidrs = ["192.0.2.1/32"] # yours; nobody has this one

size               = "small"
load_balanced      = false
log_retention_days = 7
