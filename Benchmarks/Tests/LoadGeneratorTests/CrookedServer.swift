import Foundation

/// A server that does what the workload expects, but for one byte, which is wrong.
///
/// It has nothing in common with the servers that are measured. A thread serves each connection
/// until its client is gone.
final class CrookedServer: Sendable {
    enum Mode { case echo, source }

    let port: UInt16
    private let listener: Int32

    /// `wrongByte` is the position in each connection of the byte that is wrong; nil makes an
    /// honest server.
    init(_ mode: Mode, wrongByte: Int?) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port: UInt16? = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            guard bind(listener, pointer, size) == 0, listen(listener, 256) == 0,
                getsockname(listener, pointer, &size) == 0
            else { return nil }
            return UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
        }
        guard let port else { throw POSIXError(.EADDRNOTAVAIL) }
        self.listener = listener
        self.port = port
        Thread.detachNewThread {
            // After `close` of this object there is nothing more to accept.
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                Thread.detachNewThread {
                    Self.serve(mode, client, wrongByte: wrongByte ?? -1)
                    Glibc.close(client)
                }
            }
        }
    }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }

    private static func serve(_ mode: Mode, _ client: Int32, wrongByte: Int) {
        var bytes = [UInt8](repeating: 0x55, count: 65_536)
        var position = 0
        while true {
            let count = mode == .source ? bytes.count : recv(client, &bytes, bytes.count, 0)
            guard count > 0 else { return }
            let isHere = (position..<(position + count)).contains(wrongByte)
            if isHere { bytes[wrongByte - position] ^= 1 }
            var sent = 0
            while sent < count {
                let result = bytes[sent..<count].withUnsafeBytes {
                    send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard result > 0 else { return }
                sent += result
            }
            if isHere { bytes[wrongByte - position] ^= 1 }
            position += count
        }
    }
}
