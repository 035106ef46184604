terraform {
  # 1.11 is the first with write-only arguments (the database password) and S3 locking without DynamoDB.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.66"
    }
  }

  # Placeholders: bucket names are global, so yours, its region and the key of each environment come
  # by -backend-config (docs/deploy.md). The lock is an object beside the state.
  backend "s3" {
    bucket       = "fitserve-terraform-state"
    key          = "fitserve.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Application = var.name
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }
}
