"""steersman controllers: the controllers as a process of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steersman.cli.controller_options import controller_options, controller_options_from
from steersman.cli.standalone import EXISTING, in_foreground, standalone_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Run the controllers alone, in the foreground.")
@standalone_options
@click.option("--root-ca-file", type=EXISTING, help="CA of the API server, for pods.  [default: the kubeconfig's]")
@click.option("--service-account-private-key-file", type=EXISTING, help="Signs tokens in Secrets. Without it: none.")
@click.option("--cluster-signing-cert-file", type=EXISTING, help="CA that signs certificates. Without it: none are.")
@click.option("--cluster-signing-key-file", type=EXISTING, help="Its private key.")
@click.option("--service-cluster-ip-range", metavar="CIDRS", default="", help="Networks of services: no pod's.")
@click.option(
    "--use-service-account-credentials",
    type=click.BOOL,
    is_flag=False,
    flag_value=True,
    default=False,
    help="Each controller comes as a service account of its own.  [default: false]",
)
@controller_options
def controllers(
    kubeconfig: Path | None,
    leader_elect: bool | None,
    log_format: str,
    log_level: str,
    root_ca_file: Path | None,
    service_account_private_key_file: Path | None,
    cluster_signing_cert_file: Path | None,
    cluster_signing_key_file: Path | None,
    service_cluster_ip_range: str,
    use_service_account_credentials: bool,
    **options: Any,
) -> None:
    """Run the controllers alone, in the foreground, for a cluster whose API server is elsewhere.

    Options are kube-controller-manager's. Which user they come as says the kubeconfig: system:kube-controller-manager
    has the rights that they need. They wait for the lease kube-system/kube-controller-manager unless they are told not
    to.
    """
    chosen = controller_options_from(options)

    def run() -> None:
        from steersman.cluster.standalone_controllers import (  # noqa: PLC0415 - see cli.foreground
            ControllerFiles,
            run_controllers,
        )

        files = ControllerFiles(
            root_ca=root_ca_file,
            service_account_key=service_account_private_key_file,
            signing_certificate=cluster_signing_cert_file,
            signing_key=cluster_signing_key_file,
        )
        run_controllers(
            kubeconfig=kubeconfig,
            options=chosen,
            files=files,
            service_cidrs=tuple(filter(None, service_cluster_ip_range.split(","))),
            leader_elect=leader_elect is not False,
            as_accounts=use_service_account_credentials,
            say=click.echo,
        )

    in_foreground(run, log_format=log_format, log_level=log_level)
