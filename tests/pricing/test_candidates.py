"""Which types a group may be moved to: what never happens, whatever the group and the rules."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt.pricing import Offer, load_book
from tfopt.pricing.candidates import CandidateRules, candidates

BOOK = load_book()
PLACES = [
    ("aws", "us-east-1"),
    ("aws", "eu-west-1"),
    ("gcp", "europe-west1"),
    ("azure", "westeurope"),
]
OFFERS = [offer for place in PLACES for offer in BOOK.offers(*place)]
GLOBS = st.lists(st.sampled_from(["m*", "c*", "r?i", "t4g", "n2*", "D*", "*_v5"]), max_size=3)
RULES = st.builds(
    CandidateRules,
    allowed_families=st.none() | GLOBS.map(tuple),
    denied_families=GLOBS.map(tuple),
    architectures=st.sampled_from([None, ("x86_64",), ("x86_64", "arm64")]),
    min_memory_gib=st.none() | st.floats(0.5, 64),
    allow_burstable=st.sampled_from([None, True, False]),
    max_candidates=st.integers(1, 16),
)


def aws(name: str, region: str = "us-east-1") -> Offer:
    return BOOK.offer("aws", region, name)


def names(present: Offer, **rules: object) -> list[str]:
    found = candidates(BOOK, present, CandidateRules(**rules))  # type: ignore[arg-type]
    return [offer.instance_type for offer in found]


@settings(max_examples=80, deadline=None)
@given(present=st.sampled_from(OFFERS), rules=RULES)
def test_nothing_forbidden_is_ever_proposed(present: Offer, rules: CandidateRules) -> None:
    """Region, architecture, families, price, speed, kind and number hold for every candidate."""
    found = candidates(BOOK, present, rules)
    wanted = rules.architectures or (present.architecture,)
    assert len(found) <= rules.max_candidates * len(wanted)
    assert found == sorted(found, key=lambda o: (o.usd_per_throughput or 0, o.instance_type))
    assert len({offer.instance_type for offer in found}) == len(found)
    for offer in found:
        assert (offer.cloud, offer.region) == (present.cloud, present.region)
        assert offer.instance_type != present.instance_type
        assert offer.architecture in wanted
        assert offer.price_quality not in {"suspect", "listed_unverified"}
        assert offer.throughput_per_vcpu is not None
        assert offer.category not in {"accelerated", "bare-metal", "hpc", "other"}
        assert not any(fnmatchcase(offer.family, glob) for glob in rules.denied_families)
        if rules.allowed_families is not None:
            assert any(fnmatchcase(offer.family, glob) for glob in rules.allowed_families)
        if rules.allow_burstable is False:
            assert offer.burst is None
            assert offer.baseline_cpu == 1


@settings(max_examples=60, deadline=None)
@given(present=st.sampled_from(OFFERS))
def test_where_nothing_is_said_of_memory_none_is_taken_away(present: Offer) -> None:
    """Neither an instance nor a vCPU has less memory than now (rounding of vendors apart)."""
    for offer in candidates(BOOK, present, CandidateRules()):
        assert offer.memory_gib >= 0.98 * present.memory_gib
        assert offer.memory_gib / offer.vcpus >= 0.98 * present.memory_gib / present.vcpus


@settings(max_examples=60, deadline=None)
@given(present=st.sampled_from(OFFERS), need=st.floats(0.5, 32))
def test_a_stated_need_grows_with_the_work_an_instance_takes(present: Offer, need: float) -> None:
    """At least what is needed, and in proportion more on an instance that does more work."""
    for offer in candidates(BOOK, present, CandidateRules(min_memory_gib=need)):
        assert offer.capacity is not None
        assert present.capacity is not None
        assert offer.memory_gib >= need
        assert offer.memory_gib >= need * offer.capacity / present.capacity - 1e-9


def test_a_general_purpose_group_gets_newer_families_and_its_own() -> None:
    """m5.xlarge: AMD without hyper-threads first; several families; m5 in other sizes as well."""
    found = candidates(BOOK, aws("m5.xlarge"), CandidateRules())
    assert "m7a.xlarge" in names(aws("m5.xlarge"))
    assert len({offer.family for offer in found}) >= 5
    assert "m5" in {offer.family for offer in found}
    assert found[0].usd_per_throughput is not None
    assert found[0].usd_per_throughput < 0.6 * (aws("m5.xlarge").usd_per_throughput or 0)


def test_a_stated_small_memory_opens_smaller_and_compute_types() -> None:
    """With 3 GiB needed, half an m5.xlarge's memory is enough."""
    found = names(aws("m5.xlarge"), min_memory_gib=3.0)
    assert "m7a.large" in found
    assert any(name.startswith("c") for name in found)
    assert not any(name.startswith("c") for name in names(aws("m5.xlarge")))


def test_burstable_and_flex_types_only_for_a_group_on_one() -> None:
    """What is throttled at length is not an exchange for what is not."""
    assert not any(n.startswith("t") or "flex" in n for n in names(aws("m5.large")))
    assert any(n.startswith("t3.") for n in names(aws("t3.large")))
    assert not any(n.startswith("t") for n in names(aws("t3.large"), allow_burstable=False))


def test_disks_and_network_are_neither_lost_nor_bought_in_vain() -> None:
    """m5d keeps a local disk, c5n its network; m5 is offered neither."""
    assert all("d" in n.partition(".")[0] for n in names(aws("m5d.xlarge")))
    assert all("n" in n.partition(".")[0] for n in names(aws("c5n.xlarge")))
    assert not any(set("nd") & set(n.partition(".")[0][1:]) for n in names(aws("m5.xlarge")))


@pytest.mark.parametrize("name", ["g4dn.xlarge", "m5.metal", "hpc7g.16xlarge"])
def test_special_machines_are_left_alone(name: str) -> None:
    """No exchange for a GPU, bare metal or HPC machine."""
    assert names(aws(name)) == []


def test_both_architectures_get_their_share() -> None:
    """The cheaper architecture does not crowd the other out."""
    found = candidates(BOOK, aws("m5.xlarge"), CandidateRules(architectures=("x86_64", "arm64")))
    counts = [sum(o.architecture == a for o in found) for a in ("x86_64", "arm64")]
    assert min(counts) >= 8


def test_an_older_generation_is_not_proposed() -> None:
    """m6i is not moved back to m5 or m4, whatever those cost."""
    families = {n.partition(".")[0] for n in names(aws("m6i.xlarge"), min_memory_gib=1.0)}
    assert families
    assert not families & {"m4", "m5", "m5a", "c4", "c5", "c5a", "r5", "r5a"}
