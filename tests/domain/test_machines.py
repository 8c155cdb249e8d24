"""What may be typed to reach a machine: right forms pass, and what would lead elsewhere does not."""

import pytest

from triage.domain.machines import is_ae_title, is_archive_address, is_host, is_viewer


@pytest.mark.parametrize("title", ["CT1", "A", "SIXTEEN_LETTERS_", "ct 1", "X-RAY.2", "~!"])
def test_an_ae_title(title: str) -> None:
    assert is_ae_title(title)


@pytest.mark.parametrize(
    "title", ["", " ", " CT1", "CT1 ", "SEVENTEEN_LETTERS", "CT\\1", "CT\n", "CT\x7f", "ＣＴ", "撮影"]
)
def test_no_ae_title(title: str) -> None:
    assert not is_ae_title(title)


@pytest.mark.parametrize("host", ["ct1", "ct-1.clinic.local", "192.0.2.7", "2001:db8::7", "CT_1", "127.0.0.1"])
def test_a_host(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "ct 1", "http://ct1", "ct1:104", "1.2.3", "256.1.1.1", "224.0.0.1", "0.0.0.0", "a" * 64, "-a", "a..b", "a\n"],
)  # fmt: skip
def test_no_host(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize("url", ["http://localhost:8042", "https://pacs.clinic.local/orthanc/", "http://[::1]:8042/"])
def test_the_address_of_an_archive(url: str) -> None:
    assert is_archive_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "localhost:8042", "ftp://pacs", "file:///etc/passwd", "http://", "http://user:word@pacs", "http://pacs/?a=b",
        "http://pacs/#a", "http://pacs:99999", "http://pacs:0", "http://pa cs", "http://pacs/\n", "javascript:alert(1)",
        "http://[::1", "http://0.0.0.0:8042",
    ],
)  # fmt: skip
def test_no_address_of_an_archive(url: str) -> None:
    assert not is_archive_address(url)


def test_a_viewer_names_the_study_behind_the_host() -> None:
    assert is_viewer("https://viewer.example/viewer?StudyInstanceUIDs={study}")
    assert is_viewer("http://127.0.0.1:8042/app/explorer.html#study?uuid={key}")
    assert not is_viewer("https://viewer.example/viewer")
    assert not is_viewer("https://{key}.example/")
    assert not is_viewer("https://{study}.example/viewer")
    assert not is_viewer("javascript:alert('{study}')")
