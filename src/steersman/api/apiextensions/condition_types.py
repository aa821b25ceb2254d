"""Conditions of a CustomResourceDefinition by name."""

NAMES_ACCEPTED = "NamesAccepted"
ESTABLISHED = "Established"
TERMINATING = "Terminating"
NON_STRUCTURAL_SCHEMA = "NonStructuralSchema"
API_APPROVAL = "KubernetesAPIApprovalPolicyConformant"
