"""The simulator's differentiable twin: fractional instances, the same tables, gradients by torch.

Orders, boots, billing and the fluid backlog follow `tfopt_sim.dynamics` and `tfopt_sim.serving`
line by line for one queue per group without time-outs; on whole instances both give the same. What
a minute's requests suffer is read from the same table, between sizes too. Differentiating through
exogenous demand gives the exact policy gradient (Madeka et al., Deep inventory management, 2022;
Alvo et al., Neural inventory control in networks via hindsight differentiable policy optimization,
2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfopt_policies.control.adjoint import BEYOND, RING, Constants, Course
from tfopt_policies.control.net import Head, Weights
from tfopt_policies.control.observation import state_features
from tfopt_sim.serving import SLOW_SHARE


@dataclass(frozen=True, slots=True)
class State:
    """N groups at the end of a minute; tensors of shape (N,), `pipe` (N, RING)."""

    in_service: Any
    pipe: Any  # [k]: instances that start to serve in k + 1 minutes
    backlog: Any  # requests
    load: Any  # utilisation in whose steady state the queue is


@dataclass(frozen=True, slots=True)
class Minute:
    """What a minute came to, tensors of shape (N,)."""

    billed: Any
    slow: Any  # share of the requests
    utilisation: Any


class Twin:
    """Steps the groups `rows` of what `constants` describe."""

    def __init__(self, torch: Any, constants: Constants, rows: Any, device: str = "cpu"):
        self.torch = torch

        def tensor(values: Any, kind: Any = None) -> Any:
            return torch.tensor(values, dtype=kind or torch.float64, device=device)

        self.rate = tensor(constants.rate[rows])
        self.slow_s = tensor(constants.slow_s[rows])
        self.work_cv2 = tensor(constants.work_cv2[rows])
        self.largest = tensor(constants.largest[rows])
        self.number = tensor(constants.number[rows], torch.int64)
        self.ratio = tensor(constants.ratio)[self.number]
        self.table = tensor(constants.tables).reshape(-1)
        self.rows, self.cells = constants.tables.shape[1], constants.tables.shape[2] - 1
        self.points = constants.delayed.shape[1] - 1
        self.delayed = tensor(constants.delayed).reshape(-1)
        self.every = constants.every
        near = tensor(constants.near[rows], torch.int64)
        self.near = (torch.arange(RING, device=device) < near[:, None]).double()

    def start(self, in_service: Any) -> State:
        """Return groups with `in_service` (N,) instances, warm, and nothing else."""
        zeros = self.torch.zeros_like(in_service)
        pipe = in_service.new_zeros((in_service.shape[0], RING))
        return State(in_service, pipe, zeros, zeros)

    def step(self, state: State, wanted: Any, boot: Any, rps: Any) -> tuple[State, Minute]:
        """Order `wanted` instances, then serve a minute.

        Args:
            state: at the end of the minute before.
            wanted: (N,); rounding is the caller's.
            boot: whole minutes that what is ordered boots, (N,), int64.
            rps: demand of the minute, (N,).
        """
        in_service, pipe = self._ordered(state, wanted, boot)
        billed = in_service + pipe.sum(1)
        in_service = in_service + pipe[:, 0]
        pipe = self.torch.nn.functional.pad(pipe[:, 1:], (0, 1))
        backlog, load, slow, utilisation = self._served(state, in_service, rps)
        return State(in_service, pipe, backlog, load), Minute(billed, slow, utilisation)

    def _ordered(self, state: State, wanted: Any, boot: Any) -> tuple[Any, Any]:
        """Launch what is missing; remove booting instances first, those furthest from serving."""
        torch, pipe = self.torch, state.pipe
        booting = pipe.sum(1)
        change = wanted - state.in_service - booting
        # capacity follows what is wanted also where they agree: there the slope is that of a launch
        launched = torch.where(change >= 0, change, torch.zeros_like(change))
        down = torch.relu(-change)
        beyond = booting[:, None] - pipe.cumsum(1)  # those further from serving than [k]
        pipe = pipe - torch.minimum(torch.relu(down[:, None] - beyond), pipe)
        place = boot.clamp(0, RING - 1)[:, None]
        pipe = pipe.scatter_add(1, place, launched[:, None])
        return state.in_service - torch.relu(down - booting), pipe

    def _served(self, state: State, in_service: Any, rps: Any) -> tuple[Any, Any, Any, Any]:
        torch = self.torch
        serving = in_service.clamp(min=0.05)
        rate = serving * self.rate
        utilisation = rps / rate
        load = self._settled(60.0 * rate / self.work_cv2, utilisation, state.load)
        slow = self._table(serving, load.clamp(max=1.0))
        arrivals, room = 60.0 * rps, 60.0 * rate
        first_s = state.backlog / rate
        left = torch.relu(state.backlog + arrivals - room)
        some = (state.backlog > 0) | (utilisation > 1.0)
        lasting = (state.backlog / (room - arrivals).clamp(min=1e-6)).clamp(max=1.0)
        lasting = torch.where((left > 0) | (arrivals >= room), torch.ones_like(left), lasting)
        delayed = lasting * self._delayed(first_s, left / rate)
        share = torch.where(some, delayed + (1.0 - delayed) * slow, slow)
        return left, load, share, utilisation

    def _settled(self, settling: Any, utilisation: Any, load: Any) -> Any:
        """Return `serving.settled_load`."""
        torch = self.torch
        free = (1.0 - utilisation).clamp(min=1e-6)
        reached = 1.0 / (1.0 - load).clamp(min=1e-6) ** 2 + settling
        rising = torch.minimum(utilisation, 1.0 - reached.rsqrt())
        rising = torch.where(settling * free * free >= 1.0, utilisation, rising)
        worn = settling * free * (1.0 - load)
        falling = utilisation + (load - utilisation) * torch.exp(-worn.clamp(max=30.0))
        return torch.where(load <= utilisation, rising, falling)

    def _table(self, serving: Any, load: Any) -> Any:
        """Return the share of slow requests without a backlog, linear in load and size."""
        torch = self.torch
        place = torch.minimum(
            torch.minimum(16384.0 * load, 32.0 + 1024.0 * load), 80.0 + 256.0 * load
        )
        cell = place.detach().long().clamp(0, self.cells - 1)
        part = place - cell
        beyond = self.every - 1 + torch.log(serving / self.every) / self.ratio
        row = torch.where(serving <= self.every, serving - 1.0, beyond).clamp(
            0.0, self.rows - 1.001
        )
        whole = row.detach().long()
        upper = row - whole
        first = (self.number * self.rows + whole) * (self.cells + 1) + cell
        second = first + self.cells + 1
        table = self.table
        low = table[first] + part * (table[first + 1] - table[first])
        high = table[second] + part * (table[second + 1] - table[second])
        return low + upper * (high - low)

    def _delayed(self, one_s: Any, other_s: Any) -> Any:
        """Return `serving.share_delayed`."""
        torch = self.torch
        low, high = torch.minimum(one_s, other_s), torch.maximum(one_s, other_s)
        high = torch.maximum(high, low + 1e-3 * self.slow_s)
        return (self._delayed_until(high) - self._delayed_until(low)) / (high - low)

    def _delayed_until(self, wait_s: Any) -> Any:
        torch = self.torch
        place = wait_s / self.slow_s * self.points
        cell = place.detach().long().clamp(0, self.points - 1)
        first = self.number * (self.points + 1) + cell
        below, above = self.delayed[first], self.delayed[first + 1]
        inside = below + (place - cell) * (above - below)
        return torch.where(place >= self.points, above + wait_s - self.slow_s, inside)


def objective(
    torch: Any,
    constants: Constants,
    course: Course,
    weights: Any,
    head: Head,
    *,
    whole: bool = True,
    device: str = "cpu",
) -> Any:
    """Return Σ by_cost · billed + by_harm · harm of all flights, differentiable in the weights.

    Args:
        torch: the module.
        constants: of the groups.
        course: what is met.
        weights: the four tensors of `net.Weights`.
        head: what the controller is made of.
        whole: whether orders are rounded up; the gradient looks through that.
        device: where to compute.
    """
    twin = Twin(torch, constants, course.rows, device)

    def tensor(values: Any) -> Any:
        return torch.tensor(values, device=device)

    base, rps, boots = tensor(course.base), tensor(course.rps), tensor(course.boots)
    by_cost, by_harm = tensor(course.by_cost), tensor(course.by_harm)
    horizon, known = course.inputs.shape[1], course.inputs.shape[2]
    split = Weights(*weights)
    # slices of one tensor would each fill a gradient of its size: unbound, they share it
    lifted = (tensor(course.inputs).double() @ split.first[:known]).unbind(1)
    state = twin.start(torch.minimum(tensor(course.first), twin.largest))
    state, minute = twin.step(state, state.in_service, boots[:, 0], rps[:, 0])
    total = torch.zeros((), dtype=torch.float64, device=device)
    for t in range(horizon):
        facts = torch.stack(_facts(torch, twin, state, base[:, t], minute), dim=1)
        out = _output(torch, split, lifted[t] + facts @ split.first[known:])
        wanted = base[:, t] * torch.exp(out.clamp(*head.bounds))
        wanted = torch.minimum(wanted.clamp(min=0.5), twin.largest)
        if whole:
            wanted = wanted + (torch.ceil(wanted - 1e-6) - wanted).detach()
        state, minute = twin.step(state, wanted, boots[:, t], rps[:, t + 1])
        if t >= course.warm_up:
            total = total + (by_cost * minute.billed + by_harm * _harm(minute.slow)).sum()
    return total


def _facts(torch: Any, twin: Twin, state: State, base: Any, minute: Minute) -> tuple[Any, ...]:
    serving = state.in_service
    soon = serving + (state.pipe * twin.near).sum(1)
    waiting = state.backlog / (60.0 * serving.clamp(min=0.05) * twin.rate)
    capacity = serving + state.pipe.sum(1)
    return tuple(state_features(torch, base, serving, capacity, soon, waiting, minute.utilisation))


def _output(torch: Any, weights: Weights, lifted: Any) -> Any:
    hidden = weights.last.shape[0]
    first, second, last = torch.split(weights.biases, [hidden, hidden, 1])
    inner = torch.tanh(torch.tanh(lifted + first) @ weights.second + second)
    return inner @ weights.last + last


def _harm(share: Any) -> Any:
    """Return `adjoint.harm`."""
    square = share * share
    return square / (square + SLOW_SHARE * SLOW_SHARE) + BEYOND * share
