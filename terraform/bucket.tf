# Source bundles: what was deployed, by the commit that it was built from.
resource "aws_s3_bucket" "bundles" {
  #checkov:skip=CKV_AWS_18:Only the deploy role and Beanstalk read it; CloudTrail tells who did, and a log bucket would need a log bucket.
  #checkov:skip=CKV_AWS_144:A bundle is built again from its commit, the same to the byte; a second region has nothing to save.
  #checkov:skip=CKV_AWS_145:SSE-S3 encrypts it; a KMS key of one's own adds a cost and a grant for Beanstalk, for code that is in a repository.
  #checkov:skip=CKV2_AWS_62:Nothing waits for a new bundle: the deploy that uploaded it goes on by itself.
  bucket        = "${local.prefix}-bundles-${local.account}"
  force_destroy = true # a teardown takes the bundles along: each can be built again from its commit
}

resource "aws_s3_bucket_public_access_block" "bundles" {
  bucket                  = aws_s3_bucket.bundles.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bundles" {
  bucket = aws_s3_bucket.bundles.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bundles" {
  bucket = aws_s3_bucket.bundles.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "bundles" {
  bucket = aws_s3_bucket.bundles.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Beanstalk deletes the bundles of versions that it drops; what that leaves is swept here.
resource "aws_s3_bucket_lifecycle_configuration" "bundles" {
  bucket     = aws_s3_bucket.bundles.id
  depends_on = [aws_s3_bucket_versioning.bundles]

  rule {
    id     = "sweep"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_policy" "bundles" {
  bucket     = aws_s3_bucket.bundles.id
  depends_on = [aws_s3_bucket_public_access_block.bundles]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.bundles.arn, "${aws_s3_bucket.bundles.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
