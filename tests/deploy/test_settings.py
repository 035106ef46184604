"""What Terraform tells Beanstalk, and what the files of the bundle say beside it.

Terraform takes any namespace, name and value for a Beanstalk setting, and so does `plan`: a typo
fails only at `apply`, in an account. beanstalk_options.json is the documented list, from "General
options for all environments" and "Platform specific options" of the Beanstalk developer guide.
"""

import json
import re
from collections.abc import Iterator

import pytest

from deploy.deploy import FILES, FILES_OF_BOTH
from fitserve.config import Server, Settings
from tests.conftest import ROOT

TERRAFORM = ROOT / "terraform"
BEANSTALK = (TERRAFORM / "beanstalk.tf").read_text()
VARIABLES = (TERRAFORM / "variables.tf").read_text()
NGINX = (ROOT / ".platform/nginx/nginx.conf").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OPTIONS: dict[str, dict[str, list[str] | None]] = json.loads(
    (ROOT / "tests/deploy/beanstalk_options.json").read_text()
)


PLANNED = re.findall(
    r'^ +"(aws:\S+) ([^"]+)" += "(.*)"$',
    (TERRAFORM / "tests/settings.tftest.hcl").read_text(),
    re.MULTILINE,
)


def declared() -> Iterator[tuple[str, str]]:
    """Namespace and name of every setting in beanstalk.tf."""
    for block in re.finditer(r'^    "(aws:[^"]+)" = \{\n(.*?)^    \}', BEANSTALK, re.M | re.S):
        for name in re.findall(r'^      "?([A-Za-z][\w ]*?)"? += ', block[2], re.M):
            yield block[1], name


def options_of(namespace: str) -> dict[str, list[str] | None]:
    general = namespace.rpartition(":")[0] + ":*"
    assert namespace in OPTIONS or general in OPTIONS, f"Beanstalk has no namespace {namespace}"
    return OPTIONS.get(namespace) or OPTIONS[general]


@pytest.mark.parametrize(("namespace", "name", "value"), sorted(set(PLANNED)))
def test_every_planned_setting_is_documented(namespace: str, name: str, value: str) -> None:
    options = options_of(namespace)
    assert name in options or "*" in options, f"{namespace} has no option {name}"
    allowed = options.get(name)
    assert allowed is None or value in allowed, f"{namespace} {name} is never {value}"


def test_every_setting_is_planned() -> None:
    ours = "aws:elasticbeanstalk:application:environment"  # the server's settings, not Beanstalk's
    planned = {(namespace, name) for namespace, name, _ in PLANNED}
    assert {pair for pair in declared() if pair[0] != ours} == {
        pair for pair in planned if not pair[0].startswith(ours)
    }


def test_every_validation_names_its_variable() -> None:
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', VARIABLES, re.M | re.S)
    assert blocks
    for name, block in blocks:
        messages = re.findall(r'error_message = "(.*)"$', block, re.M)
        assert len(messages) == block.count("validation {")
        assert all(message.startswith(f"{name}: ") for message in messages), name
        assert "type        = bool" in block or messages, f"{name} takes anything"


def test_every_validation_has_a_plan_that_it_stops() -> None:
    tests = (TERRAFORM / "tests/validation.tftest.hcl").read_text()
    validated = re.findall(r'^variable "(\w+)"(?:(?!^\}).)*?validation', VARIABLES, re.M | re.S)
    assert set(re.findall(r"expect_failures = \[var\.(\w+)\]", tests)) == set(validated)


def default(variable: str) -> str:
    found = re.search(rf'^variable "{variable}" \{{.*?default +=\s*(\S+)$', VARIABLES, re.M | re.S)
    assert found
    return found[1]


def test_the_largest_body_is_the_same_everywhere() -> None:
    limit = Settings.model_fields["max_content_length"].default
    assert f"client_max_body_size {limit // 2**20}m;" in NGINX
    assert default("max_content_length") == str(limit)
    assert f"var.max_content_length <= {limit}" in VARIABLES


def test_the_image_listens_where_beanstalk_looks() -> None:
    port = Server.model_fields["port"].default  # also what Beanstalk's Python platform expects
    assert f"PORT={port}" in DOCKERFILE
    assert f"EXPOSE {port}\n" in DOCKERFILE
    assert "HOST=0.0.0.0" in DOCKERFILE


def test_the_store_has_one_folder_that_its_user_owns() -> None:
    (volume,) = json.loads((ROOT / "Dockerrun.aws.json").read_text())["Volumes"]
    folder = volume["ContainerDirectory"]
    hook = (ROOT / ".platform/hooks/prebuild/10_store.sh").read_text()
    user = re.search(r"^USER (\d+):\d+$", DOCKERFILE, re.M)
    assert user
    assert f"VOLUME {folder}\n" in DOCKERFILE
    assert f"owner={user[1]};" in hook
    assert f"--mode 0700 {volume['HostDirectory']}\n" in hook
    url = f"sqlite:///{folder}/fitserve.sqlite3"
    assert f"FITSERVE_STORE={url}\n" in DOCKERFILE
    assert f'"{url}"' in BEANSTALK


def test_the_bundles_are_made_of_files_that_exist() -> None:
    for name in [*FILES_OF_BOTH, *FILES["docker"], *FILES["python"]]:
        assert (ROOT / name).exists(), name
    assert FILES.keys() == set(
        re.findall(r'contains\(\["(\w+)", "(\w+)"\], var.platform', VARIABLES)[0]
    )
