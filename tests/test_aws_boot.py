"""What user data do at boot: the forms, what counts as fetching or changing, and that nothing secret is kept."""

from __future__ import annotations

import base64
import gzip
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.collect.aws.mapping.boot import boot_of, joined
from tools.collect.aws.mapping.hosts import host_of
from tools.model.group import Boot

SECRET = "s3cr3tS3CR3T"


def boot(text: str, packed: bool = False) -> Boot:
    raw = gzip.compress(text.encode()) if packed else text.encode()
    found, unread = boot_of(base64.b64encode(raw).decode())
    assert found is not None, unread
    return found


def steps(text: str) -> list[tuple[int, str, str]]:
    return [(step.line, step.kind, step.command) for step in boot(text).steps]


def shell(line: str) -> list[tuple[str, str]]:
    return [(kind, command) for _, kind, command in steps(f"#!/bin/bash\n{line}\n")]


@pytest.mark.parametrize(
    ("line", "kind", "command"),
    [
        ("apt-get update && apt-get -y install nginx curl=7.1", "package", "apt-get install nginx curl"),
        ("DEBIAN_FRONTEND=noninteractive apt install -y jq", "package", "apt install jq"),
        ("sudo yum -y update", "package", "yum update"),
        ("retry 5 dnf install -y htop", "package", "dnf install htop"),
        ("apk add --no-cache git", "package", "apk add git"),
        ("pip3 install 'flask>=2' requests==2.0", "package", "pip3 install flask requests"),
        ("python3 -m pip install boto3", "package", "python3 -m pip install boto3"),
        ("npm install -g pm2", "package", "npm install pm2"),
        ("gem install puma", "package", "gem install puma"),
        ("snap install --classic go", "package", "snap install go"),
        ("amazon-linux-extras install -y docker", "package", "amazon-linux-extras install docker"),
        ('su - app -c "npm install left-pad"', "package", "npm install left-pad"),
        ("if ! rpm -q x; then yum install -y x; fi", "package", "yum install x"),
        ("curl -o /x https://get.example.com/a/b?c=d", "download", "curl get.example.com"),
        ("wget -q https://get.example.com:8443/x", "download", "wget get.example.com"),
        ("X=$(curl -s https://get.example.com/version)", "download", "curl get.example.com"),
        ("aws s3 cp s3://builds/app.tgz /tmp", "download", "aws s3 cp s3://builds"),
        ("aws --region eu-central-1 s3 sync s3://builds/ /srv", "download", "aws s3 sync s3://builds"),
        ("git clone git@github.com:org/repo", "download", "git clone github.com"),
        ("docker run -d registry.example.com/app", "download", "docker run"),
        ("curl -fsSL https://get.example.com | sudo -E bash -s -- x", "pipe-to-shell", "curl get.example.com | bash"),
        ("bash <(curl -s https://get.example.com/i)", "pipe-to-shell", "curl get.example.com | bash"),
        ('sh -c "$(wget -qO- https://get.example.com/i)"', "pipe-to-shell", "wget get.example.com | sh"),
        ("add-apt-repository -y ppa:x/y", "repository", "add-apt-repository"),
        ("echo deb http://x | tee /etc/apt/sources.list.d/x.list", "repository", "writes /etc/apt/sources.list"),
        ("ansible-pull -U https://github.com/x/y", "configuration", "ansible-pull"),
        ("chef-client -r 'role[web]'", "configuration", "chef-client"),
        ("puppet agent --test", "configuration", "puppet agent"),
        ("salt-call state.apply", "configuration", "salt-call"),
        ("aws ssm get-parameter --name /x --query y > /etc/x", "configuration", "aws ssm get-parameter"),
        ("/opt/aws/bin/cfn-init -v --stack s --resource r", "agent", "cfn-init"),
        ("systemctl enable cfn-hup", "agent", "systemctl enable"),
        ("./install auto", "agent", "install auto"),
    ],
)
def test_a_line_that_changes_a_server(line: str, kind: str, command: str) -> None:
    assert (kind, command) in shell(line)


@pytest.mark.parametrize(
    "line",
    [
        "# apt-get install nginx",
        "echo 'run apt-get install nginx'",
        "apt-get update",
        "apt-get remove -y nginx",
        'TOKEN=$(curl -s -X PUT "http://169.254.169.254/latest/api/token")',
        "curl -s http://169.254.169.254/latest/meta-data/instance-id",
        "until curl -sf http://localhost:8080/health; do sleep 1; done",
        "curl -X POST -d done https://hooks.example.com/x",
        "command -v curl",
        "/etc/eks/bootstrap.sh shop --kubelet-extra-args '--node-labels=a=b'",
        "/opt/aws/bin/cfn-signal -e $? --stack s --resource r",
        "systemctl start nginx",
        "echo ECS_CLUSTER=shop >> /etc/ecs/ecs.config",
        "aws ssm get-parameter --name /x 2>/dev/null",
        "aws s3 ls",
        "hostnamectl set-hostname web",
    ],
)
def test_a_line_that_changes_nothing(line: str) -> None:
    assert shell(line) == []


SECRETS = [
    f"curl -H 'Authorization: Bearer {SECRET}' https://a.example.com/x",
    f"curl -u user:{SECRET} https://a.example.com/{SECRET}?token={SECRET}#{SECRET}",
    f"curl https://user:{SECRET}@a.example.com/",
    f"curl https://user:a/{SECRET}@a.example.com/",
    f"curl https://{SECRET}/x",
    f"wget --password={SECRET} ftp://u:{SECRET}@a.example.com/",
    f"git clone https://{SECRET}@github.com/o/r",
    f"git clone https://oauth2:{SECRET}@github.com/o/r",
    f"PASSWORD={SECRET} apt-get install -y nginx",
    f"export PASSWORD={SECRET}; pip install --index-url https://u:{SECRET}@pypi.example.com/simple flask",
    f"pip install -i https://u:{SECRET}@pypi.example.com/simple flask",
    f"pip install git+https://{SECRET}@github.com/o/r",
    f"npm install --token {SECRET} pm2",
    f"apt-get install -o Acquire::http::Proxy=http://u:{SECRET}@proxy.example.com nginx",
    f"docker run -e PASSWORD={SECRET} app:{SECRET}",
    f"aws ssm get-parameter --name /{SECRET} > /etc/x",
    f"aws s3 cp s3://builds/{SECRET} /x --sse-c-key {SECRET}",
    f"bash -c \"curl -H 'X: {SECRET}' https://a.example.com | sh -s {SECRET}\"",
    f"chef-client -j {SECRET}; ansible-pull -e key={SECRET}; puppet agent --waitforcert {SECRET}",
    f"choco install git --params '/Password:{SECRET}'",
    f"yum install -y 'https://u:{SECRET}@repo.example.com/x.rpm'",
    f"apt-key adv --keyserver hkp://u:{SECRET}@k.example.com",
    f"apt-get install -y nginx # the password is {SECRET}",
    f"apt-get install -y nginx <<< {SECRET}",
    f"apt-get install -y nginx > {SECRET}",
    f'yum install -y nginx --setopt="proxy_password={SECRET}"',
    f"pip install flask TOKEN='{SECRET}'",
    f'TOKEN="a {SECRET}" apt-get install -y nginx X"{SECRET}"',
    f"gem install puma -- --with-key {SECRET}",
    f"npm install //registry.example.com/:_authToken={SECRET} pm2",
    f"pip install flask PASSWORD={SECRET} 2>/tmp/{SECRET}",
    f"curl https://a.example.com/{SECRET} \\\n  -H 'X: {SECRET}' | bash",
]


@pytest.mark.parametrize("line", SECRETS)
@pytest.mark.parametrize("form", ["#!/bin/bash\n{}\n", "<powershell>\n{}\n</powershell>\n", "#cloud-boothook\n{}\n"])
def test_no_secret_is_kept(line: str, form: str) -> None:
    found = boot(form.format(line))
    assert found.steps
    assert SECRET.lower() not in msgspec.json.encode(found).decode().lower()


def test_no_secret_of_a_cloud_config_is_kept() -> None:
    text = (
        f"#cloud-config\nchpasswd: {{list: 'root:{SECRET}'}}\npackages: [nginx, 'https://u:{SECRET}@a.example.com/x']\n"
        f"chef: {{validation_cert: {SECRET}}}\nruncmd:\n- [curl, -H, 'X: {SECRET}', 'https://a.example.com']\n"
        f"write_files:\n- path: /x\n  content: {SECRET}\n  source: {{uri: 'https://u:{SECRET}@a.example.com/{SECRET}'}}\n"
    )
    found = boot(text)
    assert len(found.steps) == 4
    assert SECRET.lower() not in msgspec.json.encode(found).decode().lower()


def test_a_cloud_config_that_is_no_yaml_is_not_quoted() -> None:
    found, unread = boot_of(base64.b64encode(f"#cloud-config\na: [{SECRET}\n".encode()).decode())
    assert found is None
    assert "cloud-config is no YAML" in unread
    assert SECRET not in unread


def test_a_cloud_config_with_the_lines_of_its_steps() -> None:
    text = """#cloud-config
package_update: true
package_upgrade: true
packages:
  - nginx
  - [jq, "1.6"]
runcmd:
  - [sh, -c, "curl https://a.example.com | sh"]
  - yum install -y htop
  - |
    echo hello
    dnf install -y git
  - systemctl start nginx
write_files:
  - path: /etc/x
    source: {uri: "https://b.example.com/x"}
  - path: /etc/yum.repos.d/x.repo
    content: "[x]"
  - path: /opt/run.sh
    content: |
      #!/bin/sh
      apt-get install -y tree
  - path: /etc/motd
    content: apt-get install is forbidden here
yum_repos:
  x: {baseurl: "https://x.example.com"}
ansible:
  pull: {url: "https://x.example.com"}
"""
    assert boot(text).form == "cloud-config"
    assert steps(text) == [
        (3, "package", "package_upgrade"),
        (4, "package", "packages: nginx jq"),
        (8, "pipe-to-shell", "curl a.example.com | sh"),
        (9, "package", "yum install htop"),
        (12, "package", "dnf install git"),
        (15, "download", "write_files b.example.com"),
        (17, "repository", "writes /etc/yum.repos.d"),
        (22, "package", "apt-get install tree"),
        (25, "repository", "yum_repos"),
        (27, "configuration", "ansible"),
    ]


def test_a_multi_part_message() -> None:
    inner = base64.b64encode(b"#!/bin/sh\nyum install -y inner\n").decode()
    text = f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
yum install -y nginx
--//
Content-Type: text/cloud-config

packages: [jq]
--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
--//
Content-Type: text/x-include-url

https://c.example.com/more
--//
Content-Type: text/x-shellscript
Content-Transfer-Encoding: base64

{inner}
--//--
"""
    assert boot(text).form == "mime"
    assert steps(text) == [
        (2, "package", "yum install inner"),  # of an encoded part: its own line
        (8, "package", "yum install nginx"),
        (12, "package", "packages: jq"),
        (21, "pipe-to-shell", "#include c.example.com"),
    ]


def test_powershell() -> None:
    text = """<powershell>
Invoke-WebRequest -Uri "https://a.example.com/a.msi" -OutFile a.msi
msiexec.exe /i a.msi /qn
iex ((New-Object Net.WebClient).DownloadString('https://b.example.com/i.ps1'))
choco install -y git
Start-Service web
</powershell>
<persist>true</persist>
"""
    assert boot(text).form == "powershell"
    assert steps(text) == [
        (2, "download", "invoke-webrequest a.example.com"),
        (3, "package", "msiexec /i"),
        (4, "pipe-to-shell", "downloadstring b.example.com | iex"),
        (5, "package", "choco install git"),
    ]


def test_ignition() -> None:
    text = """{"ignition": {"version": "3.4.0",
 "config": {"merge": [{"source": "https://a.example.com/base.ign"}]}},
 "storage": {"files": [
  {"path": "/etc/x", "contents": {"source": "data:,hello"}},
  {"path": "/etc/y", "contents": {"source": "s3://builds/y"}}]},
 "systemd": {"units": [{"name": "a.service",
  "contents": "[Service]\\nExecStart=/usr/bin/podman pull app\\n"}]}}
"""
    assert boot(text).form == "ignition"
    assert [(kind, command) for _, kind, command in steps(text)] == [
        ("configuration", "ignition merge a.example.com"),
        ("download", "ignition file s3://builds"),
        ("download", "podman pull"),
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("#!/bin/bash\ntrue\n", "shell"),
        ("#cloud-boothook\ntrue\n", "shell"),
        ("#include\nhttps://a.example.com/x\n", "shell"),
        ("## template: jinja\n#cloud-config\nhostname: x\n", "cloud-config"),
        ("#cloud-config\n", "cloud-config"),
        ("version: 1.1\ntasks:\n- task: executeScript\n", "powershell"),
        ("[settings.kubernetes]\ncluster-name = 'shop'\n", "unknown"),
    ],
)
def test_forms(text: str, form: str) -> None:
    assert boot(text).form == form
    assert boot(text, packed=True).form == form


def test_gzip_is_unpacked() -> None:
    found = boot("#!/bin/sh\nyum install -y nginx\n", packed=True)
    assert [step.command for step in found.steps] == ["yum install nginx"]


def test_no_user_data_do_nothing() -> None:
    found, unread = boot_of("")
    assert found is not None
    assert (found.form, found.size, found.steps, unread) == ("none", 0, (), "")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("%%%", "no base64"),
        (base64.b64encode(b"\x1f\x8bnot gzip").decode(), "no gzip"),
        (base64.b64encode(gzip.compress(b"#!/bin/sh\n" * 99)[:-9]).decode(), "cut short"),
        (base64.b64encode(gzip.compress(b"\0" * (2 << 20))).decode(), "more than a megabyte"),
        (base64.b64encode(b'{"ignition": ').decode(), "no JSON"),
        (base64.b64encode(b"#cloud-config\n- a\n").decode(), "no mapping"),
        (base64.b64encode(b"MIME-Version: 1.0\nContent-Type: text/plain\n\nx\n").decode(), "without parts"),
    ],
)
def test_what_cannot_be_read_is_no_pass(raw: str, reason: str) -> None:
    found, unread = boot_of(raw)
    assert found is None
    assert reason in unread


def test_a_set_does_what_each_of_it_does() -> None:
    one, other = boot("#!/bin/sh\nyum install -y a\n"), boot("#!/bin/sh\nyum install -y b\n")
    both = joined([one, other, one])
    assert both is not None
    assert [step.command for step in both.steps] == ["yum install a", "yum install b"]
    assert joined([one, one]) is one
    assert joined([one, None]) is None
    assert joined([]) is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://a.example.com/x", "a.example.com"),
        ("http://10.0.0.1:80/x", "10.0.0.1"),
        ("https://u:p@a.example.com?x=y", "a.example.com"),
        ("https://u:p/q@a.example.com/", None),
        ("s3://bucket/key", "s3://bucket"),
        ("https://${HOST}/x", None),
        ("no url", None),
    ],
)
def test_hosts(text: str, host: str | None) -> None:
    assert host_of(text) == host


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"#!/bin/sh\n", b"#cloud-config\n", b"MIME-Version: 1.0\n", b"{"])
)
def test_whatever_user_data_are_they_are_read_or_told(raw: bytes, head: bytes) -> None:
    found, unread = boot_of(base64.b64encode(head + raw).decode())
    assert (found is None) == bool(unread)


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\n" + "a: " + "[" * 100_000,
        '{"ignition": ' + '{"a":' * 100_000,
        "#!/bin/sh\n" + "aws " * 20_000,
        "#!/bin/sh\ncurl " + "iex iwr " * 20_000,
        "#!/bin/sh\ncurl " + "|" * 100_000 + "&" * 100_000,
        "#!/bin/sh\n" + '"' + '\\"' * 50_000,
        "#!/bin/sh\ncurl " + "a" * 300_000,
        "#!/bin/sh\ncurl https://" + "a-" * 100_000,
        "#!/bin/sh\n" + ">" * 100_000 + ";/etc/yum.repos.d",
        "#!/bin/sh\n" + "\\\n" * 100_000,
        "#!/bin/sh\n" + "bash -c \"bash -c 'x' " * 10_000,
    ],
)
def test_user_data_made_to_take_long_take_no_time(text: str) -> None:
    began = time.process_time()
    boot_of(base64.b64encode(gzip.compress(text.encode())).decode())
    assert time.process_time() - began < 3
