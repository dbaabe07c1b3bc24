"""Plans again with a patch, for every verb that has `--verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfopt.errors import TfoptError

if TYPE_CHECKING:
    from tfopt.patching.verify import Progress, Replan, Verification


def verified(replan: Replan, progress: Progress) -> Verification:
    """Return the proof that a new plan says what was promised.

    Raises:
        TfoptError: it does not, or it could not be made; nothing was written.
    """
    from tfopt.patching.verify import verify

    proof = verify(replan, progress=progress)
    if not proof.held:
        raise TfoptError(
            f"{proof.tool} {proof.version} does not confirm the patch: {proof.problem}",
            hint="Nothing was written. Leave --verify out to see the patch",
        )
    return proof
