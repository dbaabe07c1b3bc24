"""The process: runs the command line, and is the one place that turns errors into exit codes."""

from __future__ import annotations

import gc
import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run `tfopt` and exit.

    0 done; 1 tool or usage error; 2 `--fail-on` was met; 130 interrupted.
    """
    collect_rarely()
    sys.exit(_run(sys.argv[1:]))


def collect_rarely() -> None:
    """Let Python's garbage collector run less often, for a process that is ours alone.

    A run is short, and nearly all that it makes of plan and sources stays to its end. By default
    the collector starts after every 700 new objects: a quarter of a large trace, and of the
    imports, would go into walking what is no garbage.
    """
    gc.set_threshold(100_000)


def _run(arguments: list[str]) -> int:
    from tfopt.errors import TfoptError

    debug = "--debug" in arguments or bool(os.environ.get("TFOPT_DEBUG"))
    try:
        return _dispatch(arguments)
    except TfoptError as problem:
        if debug:
            raise
        return _complain(str(problem))
    except BrokenPipeError:  # the reader of our output went away: nothing left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as bug:
        if debug:
            raise
        # the message of an unforeseen error may quote a value of the plan: only its type is told
        kind = type(bug).__name__
        return _complain(f"internal error ({kind}). Run again with --debug and report it")


def _dispatch(arguments: list[str]) -> int:
    import click

    from tfopt.cli import cli

    try:
        code = cli.main(arguments, prog_name="tfopt", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message(), err=True)
        return 1
    except click.ClickException as wrong:
        hint = ""
        if isinstance(wrong, click.UsageError) and wrong.ctx is not None:
            hint = f" (see `{wrong.ctx.command_path} --help`)"
        return _complain(wrong.format_message().rstrip(".") + hint)
    return code if isinstance(code, int) else 0


def _complain(line: str) -> int:
    print(f"tfopt: error: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    main()
