variable "name" {
  description = "What every resource's name begins with."
  type        = string
  default     = "fitserve"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name: 2 to 20 small letters, digits and hyphens, a letter first (it becomes part of a bucket's name)."
  }
}

variable "environment" {
  description = "Which environment this state holds; with the name it names everything in it."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment: dev or prod."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: an AWS region such as eu-central-1."
  }
}

variable "owns_account_settings" {
  description = <<-EOT
    Whether this state holds what an account has only one of: GitHub's OIDC provider and EBS encryption by default.
    True in one environment of each account; false in the others, which then need that one to be there.
  EOT
  type        = bool
}

# ---- GitHub ------------------------------------------------------------------------------------

variable "github_repository" {
  description = <<-EOT
    The repository whose workflows may deploy: OWNER@ID/NAME@ID, as GitHub's tokens name every repository that was made,
    renamed or transferred since July 2026 (docs/deploy.md tells how to read one's own). OWNER/NAME alone is for a
    repository whose tokens have no ids, and trusts whoever has that name.
  EOT
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}(/[A-Za-z0-9._-]{1,100}|@[1-9][0-9]*/[A-Za-z0-9._-]{1,100}@[1-9][0-9]*)$", var.github_repository))
    error_message = "github_repository: OWNER@ID/NAME@ID with both ids, or OWNER/NAME with none, and without wildcards."
  }
}

variable "github_environment" {
  description = "The GitHub environment whose jobs may deploy; its protection rules are the approval."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.github_environment))
    error_message = "github_environment: letters, digits, hyphens and underscores, without wildcards."
  }
}

variable "state_bucket" {
  description = "Bucket of the Terraform state: pull requests then get a role that can plan and change nothing. Null: no such role."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket: the name of an S3 bucket, or null."
  }
}

# ---- The machines ------------------------------------------------------------------------------

variable "platform" {
  description = "docker: the image of the Dockerfile, built on the instance. python: the Procfile on Beanstalk's own Python."
  type        = string
  default     = "docker"

  validation {
    condition     = contains(["docker", "python"], var.platform)
    error_message = "platform: docker or python."
  }
}

variable "python_version" {
  description = "Python of the python platform."
  type        = string
  default     = "3.13"

  validation {
    condition     = contains(["3.11", "3.12", "3.13", "3.14"], var.python_version)
    error_message = "python_version: 3.11, 3.12, 3.13 or 3.14, as fitserve supports."
  }
}

variable "size" {
  description = "Size of an instance: small (2 GiB), medium (4 GiB) or large (8 GiB). What of it a training and a cache may take: numbers.tf."
  type        = string

  validation {
    condition     = contains(["small", "medium", "large"], var.size)
    error_message = "size: small, medium or large."
  }
}

variable "load_balanced" {
  description = "One instance with a public address, or many behind a load balancer."
  type        = bool
}

variable "min_instances" {
  description = "Fewest instances behind the load balancer."
  type        = number
  default     = 1

  validation {
    condition     = var.min_instances >= 1 && floor(var.min_instances) == var.min_instances
    error_message = "min_instances: a whole number from 1."
  }

  validation {
    condition     = var.min_instances <= var.max_instances
    error_message = "min_instances: it is over max_instances."
  }
}

variable "max_instances" {
  description = "Most instances behind the load balancer."
  type        = number
  default     = 1

  validation {
    condition     = var.max_instances <= 20 && floor(var.max_instances) == var.max_instances
    error_message = "max_instances: a whole number up to 20; raise this bound knowingly, it is what a busy day may cost."
  }

  validation {
    condition     = var.max_instances == 1 || var.load_balanced
    error_message = "max_instances: more than 1 needs load_balanced = true."
  }

  validation {
    condition     = var.max_instances == 1 || var.database || can(regex("^postgresql", var.store_url))
    error_message = "max_instances: more than 1 needs database = true, or a store_url of a PostgreSQL that all of them reach, or each would know only its own models."
  }
}

variable "certificate_arn" {
  description = "ACM certificate for HTTPS at the load balancer, which then answers on 443 only. Null: plain HTTP on 80."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}$", var.certificate_arn))
    error_message = "certificate_arn: the ARN of an ACM certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID."
  }

  validation {
    condition     = var.certificate_arn == null || var.load_balanced
    error_message = "certificate_arn: HTTPS ends at the load balancer, so it needs load_balanced = true."
  }
}

# ---- The network -------------------------------------------------------------------------------

variable "vpc_id" {
  description = "VPC to build in. Null: the default VPC, which every new account has."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_id == null || can(regex("^vpc-[0-9a-f]{8,17}$", var.vpc_id))
    error_message = "vpc_id: the id of a VPC, vpc-..., or null for the default one."
  }
}

variable "public_subnet_ids" {
  description = "Subnets with an internet gateway, in two zones or more. Empty: every subnet of the VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.public_subnet_ids : can(regex("^subnet-[0-9a-f]{8,17}$", id))])
    error_message = "public_subnet_ids: ids of subnets, subnet-..."
  }
}

variable "private_subnet_ids" {
  description = "Subnets that reach the internet through NAT: instances and database move there. Empty: the public ones, with public addresses."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.private_subnet_ids : can(regex("^subnet-[0-9a-f]{8,17}$", id))])
    error_message = "private_subnet_ids: ids of subnets, subnet-..."
  }

  validation {
    condition     = length(var.private_subnet_ids) == 0 || var.load_balanced
    error_message = "private_subnet_ids: a single instance is its own front door and needs a public subnet; set load_balanced = true."
  }
}

variable "allowed_cidrs" {
  description = <<-EOT
    Who may reach the service, as ranges of IPv4 addresses: ["203.0.113.7/32"] is one machine, ["0.0.0.0/0"] the world.
    What of these anybody may do without a key, without_key says.
  EOT
  type        = list(string)

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for range in var.allowed_cidrs : can(regex("^[0-9.]+/[0-9]+$", range)) && try(cidrhost(range, 0) == split("/", range)[0], false)])
    error_message = "allowed_cidrs: at least one range such as 203.0.113.7/32 or 10.0.0.0/8, its address being the range's first."
  }
}

variable "internal" {
  description = "Whether the load balancer has private addresses only, for callers in the VPC or over a VPN."
  type        = bool
  default     = false

  validation {
    condition     = !var.internal || var.load_balanced
    error_message = "internal: a single instance is its own front door; set load_balanced = true."
  }
}

variable "requests_per_instance" {
  description = <<-EOT
    Requests a minute that one instance shall carry. Over that many for each of min_instances an instance is added, under
    half of it one is taken away. Not by CPU: trainings run at the lowest priority, and take what is idle.
  EOT
  type        = number
  default     = 18000

  validation {
    condition     = var.requests_per_instance >= 10 && floor(var.requests_per_instance) == var.requests_per_instance
    error_message = "requests_per_instance: a whole number from 10."
  }
}

# ---- The service -------------------------------------------------------------------------------

variable "max_content_length" {
  description = "Largest request body in bytes (FITSERVE_MAX_CONTENT_LENGTH)."
  type        = number
  default     = 67108864

  validation {
    condition     = var.max_content_length >= 1 && var.max_content_length <= 67108864
    error_message = "max_content_length: 1 to 67108864; nginx refuses more (.platform/nginx/nginx.conf), raise both together."
  }
}

variable "store_url" {
  description = <<-EOT
    SQLAlchemy URL of the store (FITSERVE_STORE), without a password. Null: the database of this state if there is one,
    else SQLite in the folder that a deploy leaves alone, sqlite:////var/lib/fitserve/fitserve.sqlite3.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.store_url == null || !can(regex("://[^/@]*:[^/@]*@", var.store_url))
    error_message = "store_url: it holds a password, which would be plain to read in the state; use database = true."
  }

  validation {
    condition     = var.store_url == null || !var.database
    error_message = "store_url: database = true brings its own; give one of the two."
  }
}

variable "read_keys_arn" {
  description = "Secrets Manager secret or SSM parameter with the read keys (FITSERVE_READ_KEYS). Null only with without_key."
  type        = string
  default     = null

  validation {
    condition     = (var.read_keys_arn == null) == (var.without_key != "nothing")
    error_message = "read_keys_arn: name the secret with the read keys (docs/deploy.md), or say without_key = \"reading\" or \"everything\": then anybody who reaches the service may ask it and see its models. One of the two."
  }

  validation {
    condition     = var.read_keys_arn == null || can(regex("^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+$", var.read_keys_arn))
    error_message = "read_keys_arn: the ARN of a Secrets Manager secret or an SSM parameter, never a key itself."
  }
}

variable "write_keys_arn" {
  description = "Secrets Manager secret or SSM parameter with the write keys (FITSERVE_WRITE_KEYS). Null only with without_key."
  type        = string
  default     = null

  validation {
    condition     = (var.write_keys_arn == null) == (var.without_key == "everything")
    error_message = "write_keys_arn: name the secret with the write keys (docs/deploy.md), or say without_key = \"everything\": then anybody who reaches the service may train and delete. One of the two."
  }

  validation {
    condition     = var.write_keys_arn == null || can(regex("^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+$", var.write_keys_arn))
    error_message = "write_keys_arn: the ARN of a Secrets Manager secret or an SSM parameter, never a key itself."
  }
}

variable "without_key" {
  description = "What whoever reaches the service may do without a key: nothing, reading (ask, and see the models) or everything (train and delete, too)."
  type        = string
  default     = "nothing"

  validation {
    condition     = contains(["nothing", "reading", "everything"], var.without_key)
    error_message = "without_key: nothing, reading or everything."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the instances' logs."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "log_retention_days: one of the retentions that CloudWatch Logs knows, such as 30 or 365."
  }
}

variable "versions_kept" {
  description = "How many application versions stay; the older ones go with their bundles."
  type        = number
  default     = 50

  validation {
    condition     = var.versions_kept >= 5 && var.versions_kept <= 500
    error_message = "versions_kept: 5 to 500; fewer leave too little to roll back to."
  }
}

# ---- The database ------------------------------------------------------------------------------

variable "database" {
  description = "Whether to run PostgreSQL on RDS, outside the environment, so that models outlive and are shared by the instances."
  type        = bool
  default     = false
}

variable "database_class" {
  description = "Class of the database instance."
  type        = string
  default     = "db.t4g.micro"

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.database_class))
    error_message = "database_class: an RDS instance class such as db.t4g.micro."
  }
}

variable "database_multi_az" {
  description = "Whether a standby in a second zone takes over when the first fails (and doubles the price)."
  type        = bool
  default     = false
}

variable "database_protected" {
  description = "Whether the database refuses deletion."
  type        = bool
  default     = true
}

variable "database_last_snapshot" {
  description = "Whether a database that is deleted leaves a last snapshot. False loses every model with it."
  type        = bool
  default     = true
}

variable "database_snapshot" {
  description = "Snapshot that a new database starts from. It changes nothing in one that is there."
  type        = string
  default     = null

  validation {
    condition     = var.database_snapshot == null || var.database
    error_message = "database_snapshot: it needs database = true."
  }

  validation {
    condition     = var.database_snapshot == null || can(regex("^(rds:)?[A-Za-z][A-Za-z0-9:-]{0,254}$", var.database_snapshot))
    error_message = "database_snapshot: the identifier of an RDS snapshot, or null."
  }
}

variable "database_password" {
  description = <<-EOT
    Password of the database's user, by TF_VAR_database_password. It never enters the state or a plan file: it is written
    to RDS and to the secret when they are created or database_password_version changes, and is ignored otherwise.
  EOT
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = !var.database || var.database_password != null
    error_message = "database_password: export TF_VAR_database_password=\"$(openssl rand -hex 24)\"; nobody needs to keep it."
  }

  validation {
    condition     = var.database_password == null || can(regex("^[A-Za-z0-9]{20,100}$", var.database_password))
    error_message = "database_password: 20 to 100 letters and digits (it becomes part of a URL)."
  }
}

variable "database_password_version" {
  description = "Raise it by one to write a new password to RDS and to the secret."
  type        = number
  default     = 1

  validation {
    condition     = var.database_password_version >= 1 && floor(var.database_password_version) == var.database_password_version
    error_message = "database_password_version: a whole number from 1."
  }
}
