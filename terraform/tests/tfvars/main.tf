# The environments' own variable files, for the tests to plan with: terraform test reads no *.tfvars by name.
terraform {
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

output "dev" {
  value = provider::terraform::decode_tfvars(file("${path.module}/../../envs/dev.tfvars"))
}

output "prod" {
  value = provider::terraform::decode_tfvars(file("${path.module}/../../envs/prod.tfvars"))
}
