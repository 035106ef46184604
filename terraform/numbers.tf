# The numbers that hang together. What is beside Terraform and must agree with them (nginx, the hooks, the
# server's defaults, the workflow) is checked by tests/deploy/test_numbers.py.
locals {
  # ---- time, in seconds: who waits, waits longer than what it waits for ----
  training_seconds = 300                         # one training
  answer_seconds   = local.training_seconds + 30 # the slowest answer: a registration that waits for its training
  stop_seconds     = local.answer_seconds + 15   # a server that stops: it answers what was asked
  build_seconds    = 555                         # an image that is built, a server that starts
  command_seconds  = local.stop_seconds + local.build_seconds
  grace_seconds    = 240 # Beanstalk adds them to the command's by itself
  well_seconds     = 300 # until an instance counts as well

  # An additional batch, and then all in two: however many there are.
  batch          = var.load_balanced ? ceil(var.max_instances / 2) : 1
  batches        = var.load_balanced ? 3 : 1
  update_seconds = local.batches * (local.answer_seconds + local.command_seconds + local.grace_seconds + local.well_seconds)

  # A deploy and its rollback, each waited for, and what is before and after.
  session_seconds = 14400

  # ---- memory, in MiB: of what an instance has left, trainings get a half, caches a quarter, requests the rest ----
  instance_types = {
    small  = "t3.small"
    medium = "t3.medium"
    large  = "t3.large"
  }
  instance_mb = {
    small  = 2048
    medium = 4096
    large  = 8192
  }
  workers     = 2 # one a core
  lanes       = 2 # each core has a turn for what trains shortly, and one for what trains long
  trainings   = local.workers * local.lanes
  system_mb   = 400
  worker_mb   = 160 # before it holds a model
  free_mb     = local.instance_mb[var.size] - local.system_mb - local.workers * local.worker_mb
  training_mb = floor(local.free_mb / 2 / local.trainings)
  cache_mb    = floor(local.free_mb / 4 / local.workers)
}
