"""The peer nchan, a publish-subscribe module of nginx in C, from Debian's packages."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.peers.base import UnavailableError
from bench.plan import Dialect

_PACKAGES = ["nginx", "libnginx-mod-nchan"]
_MODULES = [Path("/usr/lib/nginx/modules/ngx_nchan_module.so"), Path("/usr/lib64/nginx/modules/ngx_nchan_module.so")]
#: One worker, because the other peers have one process. Messages stay in memory as long as readers may need them.
_CONFIG = """\
load_module $module;
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid $folder/nginx.pid;
error_log stderr error;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:$port backlog=4096;
    location ~ ^/room/([a-z0-9]+)$ {
      nchan_pubsub websocket;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
      nchan_message_buffer_length 1024;
      nchan_message_timeout 30s;
    }
  }
}
"""


class Nchan:
    """nginx with the nchan module."""

    name = "nchan"
    durable = False
    has_rooms = True
    dialect = Dialect(path="/room/$room", send="$body")

    def prepare(self) -> str:
        """Install nginx and nchan if this is root on Debian, and return the versions. Raises UnavailableError."""
        if self._module() is None or _nginx() is None:
            self._install()
        nginx = _nginx()
        if self._module() is None or nginx is None:
            raise UnavailableError(
                f"nginx with nchan is not installed; on Debian: apt-get install {' '.join(_PACKAGES)}"
            )
        output = subprocess.run([nginx, "-v"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - nginx itself
        match = re.search(r"nginx/([\d.]+)", output.stderr)
        return f"{_debian_version()}, nginx {match[1] if match else '?'}"

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Write the configuration, and return the command."""
        config = _CONFIG.replace("$module", str(self._module())).replace("$folder", str(folder))
        (folder / "nginx.conf").write_text(config.replace("$port", str(port)))
        return [_nginx() or "nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return no variables."""
        return {}

    def _module(self) -> Path | None:
        return next((path for path in _MODULES if path.is_file()), None)

    def _install(self) -> None:
        apt = shutil.which("apt-get")
        if apt is None or os.geteuid() != 0:
            return
        print(f"Installing {' and '.join(_PACKAGES)} with apt-get (this is root) ...")
        # RUNLEVEL=1 keeps the package from starting its own server.
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *_PACKAGES]):
            subprocess.run([apt, *command], env=env, capture_output=True, timeout=300, check=False)  # noqa: S603 - apt, our arguments


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def _debian_version() -> str:
    query = shutil.which("dpkg-query")
    if query is None:
        return "?"
    output = subprocess.run(  # noqa: S603 - dpkg itself
        [query, "-W", "-f", "${Version}", _PACKAGES[1]], capture_output=True, text=True, timeout=30, check=False
    )
    return output.stdout.strip() or "?"
