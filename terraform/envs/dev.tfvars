# One small machine that may lose its models.
environment           = "dev"
github_repository     = "OWNER/fitserve" # yours
github_environment    = "dev"
owns_account_settings = true

size               = "small"
load_balanced      = false
log_retention_days = 7
