"""Run examples for Node, with the libraries that the frontend has installed."""

from pathlib import Path

from tests.support.deployment_files import ROOT


def node_folder(folder: Path, **modules: str) -> Path:
    """Create a folder with JavaScript modules, given as `name=code`, and the libraries that they import; return it."""
    libraries = ROOT / "frontend/node_modules"
    assert libraries.is_dir(), "the frontend's libraries are not installed: run `make build` first"
    folder.mkdir(exist_ok=True)
    (folder / "node_modules").symlink_to(libraries)
    (folder / "package.json").write_text('{"type": "module"}')
    for name, code in modules.items():
        (folder / f"{name}.js").write_text(code)
    return folder


def node_command(module: str) -> list[str]:
    """Return the command that runs a module in the folder of `node_folder`."""
    return ["node", "--preserve-symlinks", f"{module}.js"]
