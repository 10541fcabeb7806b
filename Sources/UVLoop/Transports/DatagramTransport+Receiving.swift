import CUV

extension DatagramTransport {
    /// Stops reading: no datagram is delivered until ``resumeReading()``. The system keeps what
    /// comes meanwhile, as much as its buffer holds, and drops the rest. Idempotent; may be called
    /// in `connectionMade`.
    ///
    /// Binds `uv_udp_recv_stop`.
    public func pauseReading() {
        loop.assertOnThread()
        isReadingPaused = true
        updateReading()
    }

    /// Reads again. Idempotent. Binds `uv_udp_recv_start`.
    public func resumeReading() {
        loop.assertOnThread()
        guard isReadingPaused else { return }
        isReadingPaused = false
        if held.isEmpty {
            updateReading()
        } else if phase == .open {
            // Later, because nobody expects to be called back before the call returns.
            loop.callSoon { [self] in deliverHeld() }
        }
    }

    /// How many datagrams the system has dropped so far because its buffer for this socket was
    /// full; nil where it does not tell, and after the end.
    public var droppedDatagramCount: Int? {
        guard let descriptor = try? socketDescriptor else { return nil }
        let count = cuv_dropped_datagrams(descriptor)
        return count < 0 ? nil : Int(count)
    }

    /// Makes libuv receive, or not. It must not be stopped amid what one system call has brought:
    /// it would drop the rest.
    func updateReading() {
        let wants = phase == .open && !isReadingPaused && held.isEmpty
        guard wants != isReading, !isInBatch, isOpen else { return }
        if wants {
            isReading = true
            let result = DatagramCallbacks.startReading(udp)
            assert(result == 0, "the socket is bound, open, and not being read")
        } else {
            stopReading()
        }
    }

    func stopReading() {
        isInBatch = false
        guard isReading, isOpen else { return }
        isReading = false
        uv_udp_recv_stop(udp)
    }

    func dropHeld() {
        _ = held.takeAll()
    }

    // MARK: Called by libuv

    /// Where the next datagrams go: memory that all sockets of the loop share, for as long as a
    /// callback runs.
    var receiveBuffer: UnsafeRawBufferPointer {
        withCore { core in
            // With too little for a batch of one, libuv 1.44 would call for ever.
            guard uv_udp_using_recvmmsg(udp) != 0 else {
                return UnsafeRawBufferPointer(core.readBuffers.small)
            }
            if let buffer = core.datagramBuffer { return UnsafeRawBufferPointer(buffer) }
            // The system gives it real memory only where a datagram has been.
            let made = UnsafeMutableRawBufferPointer.allocate(
                byteCount: DatagramCallbacks.batch * DatagramCallbacks.largest, alignment: 16)
            core.datagramBuffer = made
            return UnsafeRawBufferPointer(made)
        }
    }

    /// - Parameters:
    ///   - count: the bytes of the datagram, which may be none; a negative error.
    ///   - address: the sender; nil if there is no datagram.
    func didReceive(
        _ count: Int, _ base: UnsafeRawPointer?, from address: UnsafePointer<sockaddr>?,
        _ flags: UInt32
    ) {
        guard phase == .open else { return }
        if count < 0 {
            errorOccurred(UVError(rawValue: Int32(truncatingIfNeeded: count)))
        } else if let address {
            isInBatch = flags & UV_UDP_MMSG_CHUNK.rawValue != 0
            let isTruncated = flags & UV_UDP_PARTIAL.rawValue != 0
            didReceive(UnsafeRawBufferPointer(start: base, count: count), address, isTruncated)
        }
        if flags & UV_UDP_MMSG_FREE.rawValue != 0 {
            isInBatch = false
            updateReading()
        }
        if !isInBatch { withCore { $0.drainIfNeeded() } }
    }

    private func didReceive(
        _ bytes: UnsafeRawBufferPointer, _ address: UnsafePointer<sockaddr>, _ isTruncated: Bool
    ) {
        // The peer of a socket of another kind may have no address, and libuv does not say so.
        let isAddress = Int32(address.pointee.sa_family) == localAddress.systemFamily
        guard let sender = isAddress ? SocketAddress(copying: address) : remoteAddress else {
            return
        }
        if isReadingPaused || !held.isEmpty {
            held.append(Datagram([UInt8](bytes), from: sender, isTruncated: isTruncated))
        } else {
            deliver(bytes.bytes, sender, isTruncated)
        }
    }

    private func deliver(_ bytes: RawSpan, _ sender: SocketAddress, _ isTruncated: Bool) {
        withCore { $0.epoch &+= 1 }
        if isTruncated {
            call("truncatedDatagramReceived") {
                try $0.truncatedDatagramReceived(bytes, from: sender)
            }
        } else {
            call("datagramReceived") { try $0.datagramReceived(bytes, from: sender) }
        }
    }

    func errorOccurred(_ error: UVError) {
        call("errorReceived") { try $0.errorReceived(error) }
    }

    /// Delivers what had to wait, until reading is paused again.
    private func deliverHeld() {
        while phase == .open, !isReadingPaused, let datagram = held.takeFirst() {
            deliver(datagram.bytes.span.bytes, datagram.sender, datagram.isTruncated)
        }
        updateReading()
    }
}
