"""Every command through a running server: its JSON, its exit code, and nothing else on stdout."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from kernel.config import Paths
from server.cli import main
from server.runfile import RunFile, write_run_file
from tests.test_server.wire import Run, document


def test_ask(run: Run, served: Any) -> None:
    answer = document(run("ask", "Where do you live?", "--json"))
    assert {name: answer[name] for name in ("model", "answer", "source")} == {
        "model": "self",
        "answer": "I live in Oslo.",
        "source": "quote",
    }
    (cited,) = answer["citations"]
    assert {name: cited[name] for name in ("note_id", "title", "quote", "span")} == {
        "note_id": "n_1",
        "title": "Moving",
        "quote": "I live in Oslo.",
        "span": [4, 19],
    }
    told = run(
        "ask", "Where?", "--model", "base", "--no-memory", "--as-of", "2024-01-01", "--max-tokens", "7", "--seed", "1"
    )
    assert told.stdout.splitlines()[0] == "I live in Oslo." and "[n_1] Moving" in told.stdout
    question = served.mind.asked[-1]
    assert (question.model, question.memory, question.as_of, question.max_tokens, question.seed) == (
        "base",
        False,
        "2024-01-01",
        7,
        1,
    )


def test_ask_that_fails(run: Run) -> None:
    unknown = run("ask", "x", "--model", "gpt-9", "--json")
    assert document(unknown, 1)["error"]["code"] == "model_not_found" and "served are" in unknown.stderr
    assert run("ask", "busy").exit_code == 1
    assert run("ask", "overflow").exit_code == 2
    assert run("ask", " ").exit_code == 2
    assert run("ask").exit_code == 2
    assert run("ask", "x", "--as-of", "soon").exit_code == 2


def test_chat_keeps_the_conversation(run: Run, served: Any) -> None:
    told = run("chat", stdin="Where do you live?\nSince when?\n\n")
    assert told.exit_code == 0 and told.stdout.count("I live in Oslo.") == 4  # two answers, each with its quote
    assert [message.role for message in served.mind.asked[-1].messages] == ["user", "assistant", "user"]
    broken = run("chat", stdin="hello\ndie\nstill there?\n")
    assert broken.exit_code == 0 and "engine ended" in broken.stderr
    assert [message.content for message in served.mind.asked[-1].messages] == [
        "hello",
        "I live in Oslo.",
        "still there?",
    ]


def test_train(run: Run, served: Any) -> None:
    assert document(run("train", "--dry-run", "--json")) == {"notes": 3, "seconds": 1.5}
    served.call(served.mind.trainings.release.set)
    result = run("train", "--json")
    report = document(result)
    assert report["verdict"]["promote"] is False
    assert report["run"] == {
        "id": "t_1",
        "state": "done",
        "outcome": "refused",
        "why": "too few to judge",
        "version": "0001",
    }
    assert "training 1 %, 1 min 2 s left (loss 1.00)" in result.stderr and "training: done in 12 s" in result.stderr
    told = run("train").stdout
    assert "0.75 (3/4)" in told and told.endswith("refused (self 0001): too few to judge\n")


def test_train_follows_the_run_that_is_under_way(run: Run, served: Any) -> None:
    with served.http() as http:
        http.post("/api/training")
    timer = threading.Timer(0.3, lambda: served.call(served.mind.trainings.release.set))
    timer.start()
    assert document(run("train", "--json"))["run"]["id"] == "t_1"
    timer.join()


def test_a_cancelled_training_is_a_failure(run: Run, served: Any) -> None:
    def cancel() -> None:
        with served.http() as http:
            http.delete("/api/training/t_1")

    timer = threading.Timer(0.5, cancel)
    timer.start()
    assert document(run("train", "--json"), 1)["run"]["state"] == "cancelled"
    timer.join()


def test_exam(run: Run, served: Any, folder: Path) -> None:
    assert document(run("exam", "--json"), 1)["error"]["code"] == "too_few"
    run("add", str(folder))
    served.call(served.mind.release_exam.set)
    result = run("exam", "--json")
    assert document(result)["rows"][0]["right"] == 3 and "sitting the exam" in result.stderr
    assert "0.75 (3/4)" in run("exam").stdout


def test_identity(run: Run, folder: Path) -> None:
    assert document(run("identity", "show", "--json"))["version"] == 0
    run("add", str(folder))
    assert document(run("identity", "show", "--json"))["owner"] == "Noor"
    assert "Noor lives in Oslo." in run("identity", "show").stdout


def test_selves(run: Run) -> None:
    selves = document(run("selves", "list", "--json"))
    assert [one["version"] for one in selves] == ["0000", "0001"]
    assert all({"version", "state", "base", "created", "exam"} <= set(one) for one in selves)
    assert "* 0001" in run("selves", "list").stdout
    assert document(run("selves", "promote", "0000", "--json"))["state"] == "live"
    assert run("selves", "promote", "0001", "--force").stdout == "Self 0001 is live.\n"
    assert document(run("selves", "rollback", "--json"))["version"] == "0000"
    assert run("selves", "promote", "0042").exit_code == 1


def test_bake(run: Run, served: Any) -> None:
    baked = run("selves", "bake", "--json")
    assert (document(baked)["version"], document(baked)["baked"]) == ("0001", "Q8_0")
    assert "adding the adapter to the base" in baked.stderr
    assert run("selves", "bake", "0001", "--type", "Q4_K_M").stdout == "Self 0001 is baked (Q4_K_M).\n"
    assert document(run("selves", "bake", "0000", "--json"), 2)["error"]["code"] == "no_adapter"
    assert run("selves", "bake", "0042").exit_code == 1
    assert run("selves", "bake", "--type", "Q2").exit_code == 2
    with served.http() as http:
        assert http.post("/api/selves/0001/bake").json()["baked"] == "Q8_0"
        wrong = http.post("/api/selves/0001/bake", json={"type": "Q2"})
        assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "type")
        assert http.post("/api/selves/0042/bake").status_code == 404


def test_status_and_doctor(run: Run, served: Any) -> None:
    status = document(run("status", "--json"))
    assert (status["answered_by"], status["live"]) == (served.url, "0001")
    assert "live: 0001" in run("status").stdout
    checks = {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
    assert checks["port"]["ok"] and served.url in checks["port"]["message"]
    assert checks["models"]["ok"] is False and "oneself init" in checks["models"]["next_step"]
    assert {"python", "compiler", "disk", "memory", "home", "key", "models", "database", "lock", "port"} <= set(checks)


def test_home_may_be_given_after_the_command_and_by_the_environment(served: Any) -> None:
    runner = CliRunner()
    after = runner.invoke(main, ["status", "--home", str(served.home), "--json"], env={"ONESELF_HOME": "/nowhere"})
    assert document(after)["live"] == "0001"
    by_environment = runner.invoke(main, ["status", "--json"], env={"ONESELF_HOME": str(served.home)})
    assert document(by_environment)["live"] == "0001"


def test_wrong_settings_stop_every_command(run: Run, served: Any) -> None:
    (served.home / "oneself.toml").write_text("[server]\nprot = 1\n")
    result = run("status", "--json")
    assert document(result, 2)["error"]["code"] == "invalid_request" and "'prot'" in result.stderr


def test_the_key_is_not_shown_to_a_stranger_on_the_port(paths: Paths) -> None:
    """A killed server leaves ``run.json`` behind; whoever has its port next is asked for its health and no more."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def answer() -> None:
            connection, _ = stranger.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{"pid":1}')

        thread = threading.Thread(target=answer)
        thread.start()
        write_run_file(paths.run, RunFile(pid=os.getpid(), host="127.0.0.1", port=stranger.getsockname()[1]))
        paths.version.unlink()  # without a server the command opens the home, and says that there is none
        result = CliRunner().invoke(main, ["--home", str(paths.home), "status", "--json"])
        thread.join(10)
    assert document(result, 1)["error"]["code"] == "home"
    assert heard and paths.api_key.read_text().strip().encode() not in heard[0]


def test_no_home_yet(tmp_path: Path) -> None:
    for command in (
        ["status"],
        ["ask", "x"],
        ["serve"],
        ["memories", "list"],
        ["selves", "list"],
        ["train"],
        ["mirror"],
    ):
        result = CliRunner().invoke(main, ["--home", str(tmp_path / "none"), *command])
        assert result.exit_code == 1 and "oneself init" in result.stderr, (command, result.output)
    assert not (tmp_path / "none").exists()


def test_ctrl_c_leaves_the_servers_training_running(served: Any) -> None:
    command = [sys.executable, "-m", "server.cli", "--home", str(served.home), "train", "--json"]

    def heed_ctrl_c() -> None:  # whoever runs the tests in the background has told their processes to ignore it
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
    ) as process:
        assert process.stderr is not None
        assert "training" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 1 and "again" in said and json.loads(out)["error"]["code"] == "interrupted"
    assert served.mind.trainings.get("t_1").outcome == "running"
    served.call(served.mind.trainings.release.set)
