"""Writes the certificates of the tests anew; needs the Python package cryptography. For 127.0.0.1 and test names only."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = Path(__file__).parent
BEGIN, END = datetime.datetime(2020, 1, 1), datetime.datetime(2199, 1, 1)
LOCAL = ["localhost", "127.0.0.1", "::1"]


def make_key():
    return ec.generate_private_key(ec.SECP256R1())


def write_key(name: str):
    key = make_key()
    (FOLDER / f"{name}.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return key


def name_of(text: str):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def general(host: str):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def certificate(subject: str, key, issuer, hosts=(), begin=BEGIN, end=END, authority=False, client=False):
    """`issuer` is (name, key)."""
    builder = (x509.CertificateBuilder().subject_name(name_of(subject)).issuer_name(name_of(issuer[0]))
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(begin).not_valid_after(end)
               .add_extension(x509.BasicConstraints(authority, None), True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key()), False))
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([general(host) for host in hosts]), False)
    if not authority:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    return builder.sign(issuer[1], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def main():
    # Those of the authorities are not kept.
    root, other, intermediate = make_key(), make_key(), make_key()
    leaf, client = write_key("leaf"), write_key("client")
    authority, unknown, middle = ("Test Root", root), ("Other Root", other), ("Test Intermediate", intermediate)
    chain = certificate("Test Intermediate", intermediate, authority, authority=True)
    good = certificate("leaf", leaf, authority, LOCAL)
    files = {
        "root": certificate("Test Root", root, authority, authority=True),
        "other-root": certificate("Other Root", other, unknown, authority=True),
        "good": good,
        "expired": certificate("leaf", leaf, authority, LOCAL, end=datetime.datetime(2021, 2, 3)),
        "future": certificate("leaf", leaf, authority, LOCAL, begin=datetime.datetime(2198, 2, 3)),
        "wrong-host": certificate("leaf", leaf, authority, ["elsewhere.example", "192.0.2.7"]),
        "wildcard": certificate("leaf", leaf, authority, ["*.wild.example"]),
        "self-signed": certificate("alone", leaf, ("alone", leaf), LOCAL),
        "unknown": certificate("leaf", leaf, unknown, LOCAL),
        "intermediate-missing": certificate("leaf", leaf, middle, LOCAL),
        "intermediate-sent": certificate("leaf", leaf, middle, LOCAL) + chain,
        "client-purpose": certificate("leaf", leaf, authority, LOCAL, client=True),
        "client": certificate("somebody", client, authority, client=True),
    }
    for name, content in files.items():
        (FOLDER / f"{name}.pem").write_bytes(content)


main()
