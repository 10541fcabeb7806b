import CoreFoundation
import Foundation

/// Gives the main run loop a closure from any thread, and wakes it.
func performAndWake(_ body: @escaping @Sendable () -> Void) {
    RunLoop.main.perform(body)
    CFRunLoopWakeUp(CFRunLoopGetMain())
}

/// Runs the main run loop for a moment, inside whatever runs the main thread.
func runNested() { RunLoop.main.run(until: Date(timeIntervalSinceNow: 0.002)) }

/// An input source of one's own in the main run loop.
///
/// Sendable without the compiler's check: what other threads use of it is thread-safe.
final class Source: @unchecked Sendable {
    private var source: CFRunLoopSource!
    private var body: () -> Void = {}

    init() {
        var context = CFRunLoopSourceContext()
        context.info = Unmanaged.passUnretained(self).toOpaque()
        context.perform = { Unmanaged<Source>.fromOpaque($0!).takeUnretainedValue().body() }
        source = CFRunLoopSourceCreate(kCFAllocatorDefault, 0, &context)
    }

    func add(_ body: @escaping () -> Void) {
        self.body = body
        CFRunLoopAddSource(CFRunLoopGetMain(), source, kCFRunLoopDefaultMode)
    }

    func signal() {
        CFRunLoopSourceSignal(source)
        CFRunLoopWakeUp(CFRunLoopGetMain())
    }

    func remove() {
        CFRunLoopSourceInvalidate(source)
        body = {}
    }
}

/// A socket in the main run loop, which reads byte by byte.
@MainActor
final class SocketSource {
    /// The other end.
    let peer: Int32
    var whenRead: (UInt8) -> Void = { _ in }
    private var socket: CFSocket!

    init() {
        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        peer = ends[1]
        var context = CFSocketContext()
        context.info = Unmanaged.passUnretained(self).toOpaque()
        socket = CFSocketCreateWithNative(
            kCFAllocatorDefault, ends[0], CFSocketCallBackType.readCallBack.rawValue,
            { socket, _, _, _, info in
                var byte: UInt8 = 0
                read(CFSocketGetNative(socket), &byte, 1)
                let reader = Unmanaged<SocketSource>.fromOpaque(info!).takeUnretainedValue()
                MainActor.assumeIsolated { [byte] in reader.whenRead(byte) }
            }, &context)
        let source = CFSocketCreateRunLoopSource(kCFAllocatorDefault, socket, 0)
        CFRunLoopAddSource(CFRunLoopGetMain(), source, kCFRunLoopDefaultMode)
    }

    func remove() {
        CFSocketInvalidate(socket)
        close(peer)
    }
}

/// What the process has used of the processors.
func cpuTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
