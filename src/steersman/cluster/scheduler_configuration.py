"""Reads the scheduler's configuration file: YAML or JSON, as kube-scheduler's --config."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.apiserver.codec.malformed import Malformed
from steersman.apiserver.codec.yaml import parse
from steersman.cluster.errors import StartError
from steersman.scheduler.configuration.read import ConfigurationError, read_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.scheduler.configuration.model import Configuration, ProfileConfiguration, Source


def load_scheduler_configuration(path: Path) -> Configuration:
    """What files it names is meant relative to its folder. Raises StartError."""
    try:
        parsed = parse(path.read_bytes())
        if parsed.duplicates:
            raise ConfigurationError(f"strict decoding error: {', '.join(parsed.duplicates)}")
        configuration = read_configuration(parsed.value)
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}; name a configuration file that can be read") from error
    except (Malformed, ConfigurationError) as error:
        raise StartError(f"{path}: {error}") from error
    kubeconfig = str(path.parent / configuration.kubeconfig) if configuration.kubeconfig else ""
    profiles = tuple(_beside(path.parent, profile) for profile in configuration.profiles)
    return replace(configuration, profiles=profiles, kubeconfig=kubeconfig)


def _beside(folder: Path, profile: ProfileConfiguration) -> ProfileConfiguration:
    def resolved(source: Source) -> Source:
        return replace(source, file=str(folder / source.file)) if source.file else source

    return replace(profile, sources={name: resolved(source) for name, source in profile.sources.items()})
