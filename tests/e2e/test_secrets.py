"""No secret of a deployment is in a log, in an argument of a process, or in the text of an error."""

import base64
import json
import subprocess
import unittest
from pathlib import Path

import world
from devlib import certs, dsn, paths, processes, retail, secrets
from devlib.deployment import Deployment
from devlib.errors import DevError


def _secrets_of(deployment: Deployment, token: str) -> dict[str, str]:
    """What nobody may read, by what it is."""
    folder = deployment.layout.secrets
    keys = json.loads((folder / "keys.json").read_text())
    passwords = json.loads((folder / "postgres.json").read_text())
    admin = dict(part.split("=", 1) for part in deployment.backends.admin_dsn.split())
    found = {f"{name} of keys.json": key for name, key in keys.items()}
    found |= {f"{name} of keys.json, in hex": base64.b64decode(key).hex() for name, key in keys.items()}
    found |= {f"password of {role}": password for role, password in passwords.items()}
    found |= {"password of the superuser": admin["password"], "a token": token}
    for path in [folder / "signing.pem", *certs.folder(deployment.layout).glob("*.key")]:
        found[f"private key {path.name}"] = path.read_text().splitlines()[1]
    return found


def _command_lines() -> str:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass  # It has ended.
    return "\n".join(lines)


class SecretsTest(unittest.TestCase):

    def _errors(self, deployment: Deployment, token: str) -> str:
        """The texts of errors that are provoked on purpose."""
        texts = []
        spoilt = token[:-8] + "AAAAAAAA"
        for given, *arguments in ((spoilt, "call", "AdminService/GetStatistics", '{"brand_id": "nobody"}'),
                                  ("", "call", "IdentityService/GetCustomer", '{"brand_id": "retail", "customer_id": "\'"}'),
                                  (token, "call", "PointsService/EarnPoints", '{"brand_id": "retail"}'),
                                  ("", "dlq", "show", "oneid/999999")):
            done = subprocess.run(deployment.client.argv(*arguments), capture_output=True, text=True, check=False,
                                  env=deployment.client.env | ({"TESSERA_TOKEN": given} if given else {}))
            self.assertNotEqual(done.returncode, 0)
            texts.append(done.stdout + done.stderr)
        with self.assertRaises(DevError) as raised:  # A wrong password.
            dsn.run(dsn.replaced(deployment.backends.admin_dsn, user="oneid", password="wrong"), "SELECT 1")
        texts.append(str(raised.exception))
        return "\n".join(texts)

    def test_no_secret_is_in_logs_arguments_or_errors(self):
        with world.services(retail.SERVICES) as deployment:
            retail.set_up(deployment.client)
            certs.make(deployment.layout)
            token = secrets.token(deployment.layout, ["*"], ["operator"])
            errors, arguments = self._errors(deployment, token), _command_lines()
            logs = "\n".join(path.read_text(errors="replace") for path in deployment.layout.log.glob("*.log"))
            logs += "".join(processes.log_path(paths.TEST, name).read_text(errors="replace")
                            for name in ("postgres", "kafka"))
            self.assertIn("serving", logs)
            for what, secret in _secrets_of(deployment, token).items():
                self.assertGreater(len(secret), 15, what)
                for place, text in (("logs", logs), ("arguments", arguments), ("errors", errors)):
                    self.assertFalse(secret in text, f"{what} is in the {place}")


if __name__ == "__main__":
    unittest.main()
