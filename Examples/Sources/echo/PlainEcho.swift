import ExampleSupport
import UVLoop

/// Returns every byte. The bytes come in memory of the loop, as a span that is valid during the
/// call.
final class PlainEcho: PlainProtocol {
    private unowned var transport: Transport!

    func connectionMade(_ transport: Transport) { self.transport = transport }

    func dataReceived(_ data: RawSpan) throws { try transport.write(data) }

    func pauseWriting() { transport.pauseReading() }
    func resumeWriting() { transport.resumeReading() }

    func connectionLost(_ error: (any Error)?) { say(farewell(transport, error)) }
}

/// What either server says about a connection that has ended. Addresses and counts stay readable.
func farewell(_ transport: Transport, _ error: (any Error)?) -> String {
    let peer = transport.remoteAddress.map { "\($0)" } ?? "unknown peer"
    let counts = "\(transport.receivedByteCount) bytes in, \(transport.sentByteCount) out"
    return "\(peer): \(counts), connection lost: \(error.map { "\($0)" } ?? "orderly")"
}
