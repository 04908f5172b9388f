//! The PROXY protocol (HAProxy, versions 1 and 2). A proxy that does not parse HTTP, for example
//! because it does not decrypt TLS, sends the client's address before the client's first byte.

use std::io;
use std::net::IpAddr;

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The first bytes of a header of version 2. Every header of version 1 is longer than this.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes of the longest header of version 1.
const LONGEST_LINE: usize = 107;
/// Maximum bytes of a header of version 2 after its length field. This is enough for the addresses
/// and some TLVs.
const LONGEST_BODY: usize = 4096;

/// Reads the header and returns the client's address. None if the header has no IP address, or if
/// the proxy itself opened the connection, for example for a health check.
///
/// # Errors
/// When the connection fails, or does not begin with a valid header, or the header is too long.
pub(super) async fn client_address(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        read_more(stream, &mut header, 4).await?;
        let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if length > LONGEST_BODY {
            return Err(invalid());
        }
        read_more(stream, &mut header, length).await?;
    } else {
        while header.last() != Some(&b'\n') {
            if header.len() == LONGEST_LINE || !header.starts_with(b"PROXY ") {
                return Err(invalid());
            }
            read_more(stream, &mut header, 1).await?;
        }
    }
    match HeaderResult::parse(&header) {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Tcp4(addresses) => Some(addresses.source_address.into()),
            v1::Addresses::Tcp6(addresses) => Some(addresses.source_address.into()),
            v1::Addresses::Unknown => None,
        }),
        HeaderResult::V2(Ok(header)) => Ok(match (header.command, header.addresses) {
            (v2::Command::Local, _) => None,
            (v2::Command::Proxy, v2::Addresses::IPv4(it)) => Some(it.source_address.into()),
            (v2::Command::Proxy, v2::Addresses::IPv6(it)) => Some(it.source_address.into()),
            (v2::Command::Proxy, v2::Addresses::Unspecified | v2::Addresses::Unix(_)) => None,
        }),
        HeaderResult::V1(Err(_)) | HeaderResult::V2(Err(_)) => Err(invalid()),
    }
}

async fn read_more(
    stream: &mut (impl AsyncRead + Unpin),
    header: &mut Vec<u8>,
    bytes: usize,
) -> io::Result<()> {
    let start = header.len();
    header.resize(start + bytes, 0);
    stream.read_exact(&mut header[start..]).await.map(drop)
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "invalid PROXY protocol header")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reported address, and the bytes after the header.
    async fn read(mut sent: &[u8]) -> Result<(Option<String>, Vec<u8>), String> {
        let address = client_address(&mut sent).await.map_err(|error| error.to_string())?;
        Ok((address.map(|it| it.to_string()), sent.to_vec()))
    }

    #[tokio::test]
    async fn b2_a_proxy_reports_the_address_before_the_first_byte() {
        let (get, rest) = ("GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n".to_vec());
        let of_line = |line: &str| format!("{line}\r\n{get}").into_bytes();
        let line = of_line("PROXY TCP4 198.51.100.1 192.0.2.1 50000 443");
        assert_eq!(read(&line).await, Ok((Some("198.51.100.1".to_owned()), rest.clone())));
        let line = of_line("PROXY TCP6 2001:db8::1 2001:db8::2 50000 443");
        assert_eq!(read(&line).await, Ok((Some("2001:db8::1".to_owned()), rest.clone())));
        assert_eq!(read(&of_line("PROXY UNKNOWN")).await, Ok((None, rest.clone())));

        let binary = |command: u8, more: &[u8]| {
            let addresses = [198, 51, 100, 1, 192, 0, 2, 1, 0xC3, 0x50, 1, 0xBB];
            let length = u16::try_from(addresses.len() + more.len()).unwrap().to_be_bytes();
            [SIGNATURE, &[command, 0x11][..], &length, &addresses, more, get.as_bytes()].concat()
        };
        let reported = Ok((Some("198.51.100.1".to_owned()), rest.clone()));
        assert_eq!(read(&binary(0x21, b"")).await, reported);
        assert_eq!(read(&binary(0x21, &[4, 0, 1, 0])).await, reported, "with a TLV");
        assert_eq!(read(&binary(0x20, b"")).await, Ok((None, rest)), "a health check");
    }

    #[tokio::test]
    async fn b2_a_connection_without_a_valid_header_fails() {
        let long = [SIGNATURE, &[0x21, 0x11, 0xFF, 0xFF][..], &[0; 70_000]].concat();
        let endless = [b"PROXY ".as_slice(), &[b'x'; 200]].concat();
        for wrong in [
            b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".as_slice(),
            b"PROXY TCP4 999.0.0.1 192.0.2.1 1 2\r\n",
            b"PROXY TCP4",
            &endless,
            &long,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00",
        ] {
            assert!(read(wrong).await.is_err(), "{:?}", &wrong[..wrong.len().min(20)]);
        }
    }
}
