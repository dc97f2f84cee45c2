"""The certificates by which the machines of a cluster know each other: one authority, and one certificate it signed.

dask checks that the other side's certificate is signed by this authority, in both directions; it compares no names. So
all machines have the same certificate, and whoever has its key is a member of the cluster.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localwhisper.atomic import make_private_folder, storage_errors, write_atomically
from localwhisper.errors import CertificatesExist

CA, CERTIFICATE, KEY = "ca.pem", "cluster.pem", "cluster.key"
VALID = timedelta(days=3 * 365)
CLOCK_DIFFERENCE = timedelta(days=1)  # between machines


def make_certificates(folder: Path) -> None:
    """Make a new authority and the certificate of a cluster. The authority's key isn't kept: nothing else is signed.

    Raises CertificatesExist, StorageFull, StorageUnwritable.
    """
    if any((folder / name).exists() for name in (CA, CERTIFICATE, KEY)):
        raise CertificatesExist(folder=str(folder))
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, name = _name("localwhisper cluster authority"), _name("localwhisper cluster")
    ca_usage = x509.BasicConstraints(ca=True, path_length=0)
    ca = _certificate(ca_name, ca_key.public_key(), ca_name).add_extension(ca_usage, critical=True)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    own = (
        _certificate(name, key.public_key(), ca_name)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with storage_errors(folder):
        make_private_folder(folder)
    write_atomically(folder / KEY, private)
    write_atomically(folder / CERTIFICATE, own.sign(ca_key, hashes.SHA256()).public_bytes(encoding))
    write_atomically(folder / CA, ca.sign(ca_key, hashes.SHA256()).public_bytes(encoding))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_DIFFERENCE)
        .not_valid_after(now + VALID)
    )
