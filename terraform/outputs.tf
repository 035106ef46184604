output "application" {
  description = "Variable EB_APPLICATION of the GitHub environment."
  value       = aws_elastic_beanstalk_application.this.name
}

output "environment" {
  description = "Variable EB_ENVIRONMENT of the GitHub environment."
  value       = aws_elastic_beanstalk_environment.this.name
}

output "bucket" {
  description = "Variable EB_BUCKET of the GitHub environment."
  value       = aws_s3_bucket.bundles.bucket
}

output "platform" {
  description = "Variable EB_PLATFORM of the GitHub environment."
  value       = var.platform
}

output "wait_seconds" {
  description = "Variable EB_WAIT of the GitHub environment: the longest that an update may take."
  value       = local.update_seconds
}

output "open" {
  description = "Variable EB_OPEN of the GitHub environment: whether a deploy that runs anywhere reaches the service."
  value       = contains(var.allowed_cidrs, "0.0.0.0/0") && !var.internal
}

output "without_key" {
  description = "Variable EB_WITHOUT_KEY of the GitHub environment: what a deploy may find open to everybody."
  value       = var.without_key
}

output "deploy_role_arn" {
  description = "Variable AWS_DEPLOY_ROLE of the GitHub environment."
  value       = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  description = "Repository variable AWS_PLAN_ROLE_DEV or AWS_PLAN_ROLE_PROD; null without state_bucket."
  value       = one(aws_iam_role.plan[*].arn)
}

output "url" {
  description = "Where it answers. With a certificate, point its domain here (a CNAME record) and use that instead."
  value       = "${var.certificate_arn == null ? "http" : "https"}://${aws_elastic_beanstalk_environment.this.cname}"
}
