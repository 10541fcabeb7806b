import CUV

/// Notices that the peer of a connection goes while nothing is read: reading is paused, or this is
/// the writing end of a pipe.
///
/// libuv watches a descriptor only for what is wanted of it; so this watches a duplicate of it for
/// a disconnect. In a pause it begins only when that has lasted a while, because most are over soon
/// and a duplicate costs three system calls.
final class DisconnectWatch: Handle {
    static let patience = Duration.milliseconds(50)

    private unowned let transport: Transport
    private let descriptor: Int32
    private var hasSeenEnd = false

    /// Begins to watch.
    init(_ transport: Transport) throws(UVError) {
        self.transport = transport
        let descriptor = try UVError.check(cuv_duplicate(try transport.fileDescriptor))
        self.descriptor = descriptor
        do throws(UVError) {
            try super.init(
                transport.loop, uv_poll_t.self, madeAt: SourcePlace(file: #fileID, line: #line)
            ) { uv_poll_init($0, $1, descriptor) }
        } catch {
            cuv_close(descriptor)
            throw error
        }
        holdByLoop()
        watch(UV_DISCONNECT)
    }

    /// An error and a hang-up are told whatever is asked for.
    private func watch(_ event: uv_poll_event) {
        uv_poll_start(memory(as: uv_poll_t.self), Int32(event.rawValue)) { handle, _, _ in
            let watch = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: DisconnectWatch.self)
            watch.disconnected()
        }
    }

    private func disconnected() {
        if transport.state.reading == .never {
            readerHasGone()
        } else {
            sawEnd()
        }
        loop.core.drainIfNeeded()
    }

    /// Orderly, if the reader has read everything.
    private func readerHasGone() {
        if transport.bufferedByteCount > 0 || cuv_unread_bytes(descriptor) != 0 {
            transport.fail(UVError.brokenPipe)
        } else {
            transport.abort()
        }
    }

    private func sawEnd() {
        if hasSeenEnd {
            // What stays true would be told again and again. Reading will tell the rest.
            uv_poll_stop(memory(as: uv_poll_t.self))
        } else {
            // From now on only for the reset that may follow the end of file.
            watch(UV_PRIORITIZED)
        }
        hasSeenEnd = true
        var code: Int32 = 0
        _ = cuv_get_option(descriptor, SOL_SOCKET, SO_ERROR, &code)
        if code != 0 {
            transport.fail(UVError(errno: code))
        } else if cuv_unread_bytes(descriptor) == 0 {
            transport.perform(transport.state.endOfFile())
        }
    }

    override func close() {
        guard isOpen else { return }
        closeHandle()
        cuv_close(descriptor)
    }

    override var reportName: String { "watch of a \(transport.reportName)" }
}

extension Transport {
    /// Begins to watch for the reader's going, at the writing end of a pipe. Without a descriptor
    /// for that, writing tells.
    func watchReader() {
        guard isOpen, state.phase != .closed else { return }
        neededExtras.watch = try? DisconnectWatch(self)
    }

    /// Begins to watch for the peer's going, if the pause lasts.
    func watchWhilePaused() {
        let extras = neededExtras
        if extras.pauseTimer == nil {
            extras.pauseTimer = Timer(loop) { [unowned self] in
                // Not captured: the timer is the extras' own.
                guard let extras = self.extras, state.isReadingPaused, isOpen, extras.watch == nil
                else { return }
                extras.watch = try? DisconnectWatch(self)
                // Out of descriptors: later, perhaps.
                if extras.watch == nil { extras.pauseTimer?.start(after: .seconds(1)) }
            }
        }
        extras.pauseTimer?.start(after: DisconnectWatch.patience)
    }

    /// Ends what ``watchWhilePaused()`` or ``watchReader()`` began.
    func stopWatching() {
        guard let extras else { return }
        extras.pauseTimer?.stop()
        extras.watch?.close()
        extras.watch = nil
    }
}
