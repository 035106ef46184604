"""Deploys fitserve to Elastic Beanstalk: `deploy.py bundle | deploy | rollback --help`.

The bundle is built from a commit, never from the work tree, and its version is labelled with that
commit. The environment must become Ready and Green, run that version, reach its store, answer
/health over HTTP, and refuse whoever has no key. When it does not, the version before is put back.

A version remembers which schema of the store it knows, and which it leaves. Where the version
before could not use what this one leaves, there is no way back but by a backup: such a deploy is
refused without --one-way, and such a rollback without --store-restored.

Exit codes: 0 done. 1 the deploy failed, and the version before runs again. 2 wrong usage. 3 the
deploy failed and there was no way back: somebody must look. 4 nothing was changed. 5 the update
still goes on after --wait: nothing was put back, somebody must look.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_elasticbeanstalk import ElasticBeanstalkClient
    from mypy_boto3_elasticbeanstalk.type_defs import (
        ApplicationVersionDescriptionTypeDef,
        EnvironmentDescriptionTypeDef,
    )
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parent.parent

# What each platform needs, and nothing else: no tests, no documents, no Terraform.
FILES = {
    "docker": ["Dockerfile", ".dockerignore", "Dockerrun.aws.json"],
    "python": ["Procfile", "requirements.txt"],
}
FILES_OF_BOTH = [".platform", "LICENSE", "requirements-postgres.txt", "src"]

# A throttled call waits and is tried again, ten times in all, before it counts as failed.
AWS = Config(retries={"mode": "standard", "total_max_attempts": 10})


class Exit(IntEnum):
    DONE = 0
    ROLLED_BACK = 1
    STUCK = 3
    UNCHANGED = 4
    UNDER_WAY = 5


class DeployError(Exception):
    """What went wrong, in a sentence for the person who reads the log."""


class StillUpdating(DeployError):
    """Neither well nor failed: Beanstalk is slow, and would refuse another update."""


@dataclass(frozen=True)
class Target:
    """One environment, the clients that reach it, and how long to wait for it."""

    application: str
    environment: str
    beanstalk: "ElasticBeanstalkClient"
    url: str | None = None
    without_key: str = "nothing"
    closed: bool = False  # to where this runs; then Beanstalk's own checks have to do
    wait_seconds: float = 5400  # for Beanstalk to finish an update
    settle_seconds: float = 300  # for a finished one to turn Green, and then for /health to answer
    poll_seconds: float = 10
    sleep: Callable[[float], None] = field(default=time.sleep)


def say(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


# ---- the bundle ---------------------------------------------------------------------------------


def git(*args: str) -> str:
    # In UTC: git writes a commit's time into an archive as local time.
    environment = os.environ | {"TZ": "UTC"}
    command = ["git", "-C", str(ROOT), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode:
        raise DeployError(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip()


def commit_of(revision: str) -> str:
    """The full id of the commit that a branch, a tag or a short id names."""
    return git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")


def build_bundle(commit: str, platform: str, path: Path) -> Path:
    """The same bytes for the same commit, wherever and whenever it is built."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Stored (-0), because deflated bytes differ from one zlib to the next.
    options = ["--format=zip", "-0", f"--output={path.resolve()}"]
    git("archive", *options, commit, "--", *FILES[platform], *FILES_OF_BOTH)
    say(f"built {path} of {commit} for the {platform} platform, {path.stat().st_size:,} bytes")
    return path


# ---- the version --------------------------------------------------------------------------------

# A version remembers which one ran before it, which is the way back, also days later; and what it
# has to do with the store: "replaces LABEL; schema 3, usable from 2".
REPLACES = "replaces "


class Schema(NamedTuple):
    """Of a version: the schema it brings a store to, and the oldest whose programs can use that."""

    number: int = 2  # of the versions that do not remember it
    usable_from: int = 2

    def __str__(self) -> str:
        return f"schema {self.number}, usable from {self.usable_from}"


MIGRATIONS = "src/fitserve/storage/migrations.py"


def schema_of(commit: str) -> Schema:
    """Read from the source of the commit, whose dependencies are not here."""
    steps = re.findall(
        r"^ +Step\(\w+, usable_from=(\d+)\),$", git("show", f"{commit}:{MIGRATIONS}"), re.M
    )
    if not steps:
        raise DeployError(f"{MIGRATIONS} of {commit} does not say what its steps leave")
    return Schema(len(steps), int(steps[-1]))


def create_version(
    target: Target,
    s3: "S3Client",
    bucket: str,
    label: str,
    bundle: Path,
    replaces: str | None,
    schema: Schema,
) -> None:
    """Upload the bundle and make it a version, unless an earlier run of this commit did."""
    if find_version(target, label):
        say(f"version {label} is there already")
        return
    key = f"{label}.zip"
    s3.put_object(Bucket=bucket, Key=key, Body=bundle.read_bytes())
    target.beanstalk.create_application_version(
        ApplicationName=target.application,
        VersionLabel=label,
        Description=f"{f'{REPLACES}{replaces}' if replaces else 'the first'}; {schema}",
        SourceBundle={"S3Bucket": bucket, "S3Key": key},
    )
    say(f"created version {label} from s3://{bucket}/{key}")


def find_version(target: Target, label: str) -> "ApplicationVersionDescriptionTypeDef | None":
    found = target.beanstalk.describe_application_versions(
        ApplicationName=target.application, VersionLabels=[label]
    )["ApplicationVersions"]
    return found[0] if found else None


def version_before(target: Target, label: str) -> str:
    version = find_version(target, label)
    description = version.get("Description", "") if version else ""
    if not description.startswith(REPLACES):
        raise DeployError(f"version {label} does not say what it replaced; name one with --to")
    return description.removeprefix(REPLACES).partition("; ")[0]


def remembered(version: "ApplicationVersionDescriptionTypeDef") -> Schema:
    found = re.search(r"; schema (\d+), usable from (\d+)$", version.get("Description", ""))
    return Schema(int(found[1]), int(found[2])) if found else Schema()


def needed_since(target: Target, label: str) -> Schema:
    """The most that the store may need by now: of the version and of all that were made after it,
    since any of them may have run."""
    versions = [
        version
        for page in target.beanstalk.get_paginator("describe_application_versions").paginate(
            ApplicationName=target.application
        )
        for version in page["ApplicationVersions"]
    ]
    made = {version["VersionLabel"]: version["DateCreated"] for version in versions}
    if label not in made:
        raise DeployError(f"{target.application} has no version {label}")
    later = [remembered(v) for v in versions if v["DateCreated"] >= made[label]]
    return max(later, key=lambda schema: schema.usable_from)


def refuse_a_way_without_return(target: Target, before: str, schema: Schema) -> None:
    """Neither may the new version fail at the store, nor the one before if it has to come back."""
    version = find_version(target, before)
    there = remembered(version) if version else Schema()
    if schema.number < there.usable_from:
        raise DeployError(
            f"it knows no schema over {schema.number}, and the store needs {there.usable_from} "
            f"since version {before}; deploy a newer commit"
        )
    if schema.usable_from > there.number:
        raise DeployError(
            f"version {before} knows no schema over {there.number}, and could not come back after "
            f"this one, which leaves what is usable from {schema.usable_from}. Deploy a version "
            f"between them first; or take a backup, and say --one-way"
        )


def refuse_a_rollback_to_what_cannot_serve(target: Target, label: str) -> None:
    version = find_version(target, label)
    known = remembered(version) if version else Schema()
    needed = needed_since(target, label)
    if known.number < needed.usable_from:
        raise DeployError(
            f"version {label} knows no schema over {known.number}, and the store needs "
            f"{needed.usable_from} by now. Mend what is wrong and deploy that, which loses "
            'nothing; or restore the backup from before ("Restoring" in docs/deploy.md), and say '
            "--store-restored"
        )


# ---- the environment ----------------------------------------------------------------------------


def describe(target: Target) -> "EnvironmentDescriptionTypeDef":
    found = target.beanstalk.describe_environments(
        ApplicationName=target.application,
        EnvironmentNames=[target.environment],
        IncludeDeleted=False,
    )["Environments"]
    if not found:
        raise DeployError(f"{target.application} has no environment {target.environment}")
    return found[0]


def running_version(target: Target) -> str | None:
    """The version that runs; none where Beanstalk's sample application still does."""
    label = describe(target).get("VersionLabel")
    return None if label in (None, "", "Sample Application") else label


def run_version(target: Target, label: str) -> None:
    """Make the environment run a version. Returns when it does and is well, else raises."""
    wait_until_ready(target)
    started = datetime.now(UTC)
    target.beanstalk.update_environment(EnvironmentName=target.environment, VersionLabel=label)
    say(f"{target.environment}: updating to {label}")
    try:
        wait_until_well(target, label)
        if not target.closed:
            smoke_test(target)
            refuse_what_is_open(target)
    except DeployError:
        say_what_beanstalk_said(target, started)
        raise
    answers = "was not asked from here" if target.closed else "answers"
    say(f"{target.environment}: {label} is Ready, Green and {answers}")


def wait_until_ready(target: Target) -> None:
    """An environment in the middle of another update refuses the next."""
    waited = 0.0
    while (now := describe(target)).get("Status") != "Ready":
        if waited >= target.wait_seconds:
            raise DeployError(f"{target.environment} is {state(now)}, and does not become Ready")
        target.sleep(target.poll_seconds)
        waited += target.poll_seconds


def wait_until_well(target: Target, label: str) -> None:
    """Ready is where an update ends, well or not; a short while later it must be Green too."""
    waited = unwell = 0.0
    while (now := state(describe(target))) != ("Ready", "Green", label):
        unwell = unwell + target.poll_seconds if now[0] == "Ready" else 0.0
        if now[0] == "Updating" and waited >= target.wait_seconds:
            raise StillUpdating(
                f"{target.environment} still updates after {waited:.0f} s, which is neither well "
                "nor failed; look at its events, and give --wait more"
            )
        if waited >= target.wait_seconds or unwell > target.settle_seconds:
            wanted = ("Ready", "Green", label)
            raise DeployError(f"{target.environment} is {now} and does not become {wanted}")
        target.sleep(target.poll_seconds)
        waited += target.poll_seconds


def state(now: "EnvironmentDescriptionTypeDef") -> tuple[str | None, str | None, str | None]:
    return now.get("Status"), now.get("Health"), now.get("VersionLabel")


def say_what_beanstalk_said(target: Target, since: datetime) -> None:
    events = target.beanstalk.describe_events(
        ApplicationName=target.application,
        EnvironmentName=target.environment,
        StartTime=since,
        Severity="WARN",
    )["Events"]
    for event in reversed(events):
        say(f"  {event.get('Severity')}: {event.get('Message')}")


def smoke_test(target: Target) -> None:
    """Ask /health as a client would, through DNS, load balancer and proxy."""
    url = address(target) + "/health"
    waited = 0.0
    while (trouble := ask_health(url)) is not None:
        if waited >= target.settle_seconds:
            raise DeployError(f"{url}: {trouble}")
        target.sleep(target.poll_seconds)
        waited += target.poll_seconds


def address(target: Target) -> str:
    return (target.url or f"http://{describe(target).get('CNAME')}").rstrip("/")


# What may be open to everybody, the least first, and a request that only then gets an answer.
WITHOUT_KEY = {
    "nothing": ("GET", "/listtypes"),
    "reading": ("DELETE", "/models/no-such-type/0"),
    "everything": None,
}


def refuse_what_is_open(target: Target) -> None:
    """Keys that were forgotten, or did not arrive, make no health check fail."""
    levels = list(WITHOUT_KEY)
    for level in levels[levels.index(target.without_key) :]:
        probe = WITHOUT_KEY[level]
        if probe is not None and (status := ask_without_key(address(target), *probe)) != 401:
            raise DeployError(
                f"{' '.join(probe)} without a key was answered by {status}, not by 401: set keys, "
                "or say --without-key"
            )


def ask_without_key(url: str, method: str, path: str) -> int | str:
    try:
        with urlopen(Request(url + path, method=method), timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
    except (OSError, HTTPException) as error:
        return f"{type(error).__name__}: {error}"


def ask_health(url: str) -> str | None:
    """What is wrong with the answer, if anything."""
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310 - the person who deploys names it
            told = json.load(answer)
            status, store = told["status"], told["store"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    if status == "ok" and store != "ok":  # it serves what it has in memory, which is nothing yet
        return f"the store is {store}"
    return None if status == "ok" else f"the status is {status!r}"


# ---- the commands -------------------------------------------------------------------------------


def deploy(
    target: Target, s3: "S3Client", bucket: str, commit: str, bundle: Path, *, one_way: bool = False
) -> Exit:
    wait_until_ready(target)
    before, schema = running_version(target), schema_of(commit)
    if before is not None and not one_way:
        refuse_a_way_without_return(target, before, schema)
    create_version(target, s3, bucket, commit, bundle, before, schema)
    if runs(target, commit):
        return Exit.DONE
    if before is None or before == commit or one_way:
        say("there is no version before to go back to")
        return Exit.STUCK
    return Exit.ROLLED_BACK if runs(target, before) else Exit.STUCK


def rollback(target: Target, to: str | None, *, restored: bool = False) -> Exit:
    wait_until_ready(target)
    now = running_version(target)
    if now is None:
        raise DeployError(f"{target.environment} runs no version of {target.application}")
    label = to or version_before(target, now)
    if not restored:
        refuse_a_rollback_to_what_cannot_serve(target, label)
    return Exit.DONE if runs(target, label) else Exit.STUCK


def runs(target: Target, label: str) -> bool:
    try:
        run_version(target, label)
    except StillUpdating:
        raise
    except (DeployError, ClientError, BotoCoreError) as error:
        say(f"{target.environment}: {label} failed: {error}")
        return False
    return True


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = root.add_subparsers(dest="command", required=True)
    bundle = commands.add_parser("bundle", help="build the source bundle of a commit")
    bundle.add_argument("--output", type=Path, help="where to (COMMIT.zip by default)")
    ship = commands.add_parser("deploy", help="build, upload, update, wait, test; or roll back")
    ship.add_argument("--bucket", required=True, help="bucket of the source bundles")
    ship.add_argument(
        "--one-way", action="store_true", help="go although the version before could not come back"
    )
    for command in (bundle, ship):
        command.add_argument("--commit", default="HEAD", help="commit, branch or tag (HEAD)")
        command.add_argument("--platform", choices=sorted(FILES), default="docker")
    back = commands.add_parser("rollback", help="put the version before back")
    back.add_argument("--to", metavar="LABEL", help="another version than the one before")
    back.add_argument(
        "--store-restored", action="store_true", help="the store is as it was under that version"
    )
    for command in (ship, back):
        command.add_argument("--application", required=True)
        command.add_argument("--environment", required=True)
        command.add_argument(
            "--url", help="where it answers (the environment's own name by default)"
        )
        command.add_argument(
            "--closed", action="store_true", help="it cannot be reached from here: do not ask it"
        )
        command.add_argument(
            "--without-key",
            choices=list(WITHOUT_KEY),
            default="nothing",
            help="what it may let everybody do, of what needs a key (nothing)",
        )
        for name, default in (("wait", 5400), ("settle", 300), ("poll", 10)):
            command.add_argument(f"--{name}", type=float, default=default, metavar="SECONDS")
    return root


def run(args: argparse.Namespace) -> Exit:
    if args.command == "bundle":
        commit = commit_of(args.commit)
        build_bundle(commit, args.platform, args.output or Path(f"{commit}.zip"))
        return Exit.DONE
    target = Target(
        application=args.application,
        environment=args.environment,
        beanstalk=boto3.client("elasticbeanstalk", config=AWS),
        url=args.url,
        without_key=args.without_key,
        closed=args.closed,
        wait_seconds=args.wait,
        settle_seconds=args.settle,
        poll_seconds=args.poll,
    )
    if args.command == "rollback":
        return rollback(target, args.to, restored=args.store_restored)
    commit = commit_of(args.commit)
    bundle = build_bundle(commit, args.platform, ROOT / "build" / f"{commit}.zip")
    s3 = boto3.client("s3", config=AWS)
    return deploy(target, s3, args.bucket, commit, bundle, one_way=args.one_way)


def main(argv: list[str] | None = None) -> int:
    try:
        return run(parser().parse_args(argv))
    except StillUpdating as error:
        say(str(error))
        return Exit.UNDER_WAY
    except (DeployError, ClientError, BotoCoreError) as error:
        say(f"nothing was changed: {error}")
        return Exit.UNCHANGED


if __name__ == "__main__":
    sys.exit(main())
