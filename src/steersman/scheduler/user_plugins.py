"""user_plugins: plugins that a configuration names by the file, or the module, that their code is in.

The class is the one in there that extends `Plugin` and has the name that the configuration says; it gets the plugin's
arguments as keywords. It runs as part of the scheduler, with all that the scheduler may do.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steersman.scheduler.configuration.read import ConfigurationError
from steersman.scheduler.framework import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from steersman.api.meta.types import Object
    from steersman.scheduler.configuration.model import ProfileConfiguration, Source


def user_makers(profile: ProfileConfiguration) -> dict[str, Callable[[Object], Plugin]]:
    """By name, of the plugins of a profile whose code is somewhere. Raises ConfigurationError."""
    return {name: partial(_made, load_plugin(name, source)) for name, source in profile.sources.items()}


def load_plugin(name: str, source: Source) -> type[Plugin]:
    """Runs the code. Raises ConfigurationError that says what is not as it should be."""
    place = source.file or source.module
    try:
        module = _run_file(Path(source.file)) if source.file else importlib.import_module(source.module)
    except Exception as error:
        raise ConfigurationError(f'plugin "{name}": {place}: {type(error).__name__}: {error}') from error
    found = list(_plugins(module))
    for each in found:
        if each.name == name:
            return each
    told = ", ".join(each.name for each in found) or "none"
    raise ConfigurationError(
        f'plugin "{name}": {place} has no class that extends Plugin and has this name; it has {told}'
    )


def _made(kind: type[Plugin], args: Object) -> Plugin:
    try:
        return kind(**args)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(str(error)) from error


def _run_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"steersman_user_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("this is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _plugins(module: ModuleType) -> Iterator[type[Plugin]]:
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Plugin) and isinstance(_name_of(each), str):
            yield each


def _name_of(kind: type[Plugin]) -> Any:
    return getattr(kind, "name", None)
