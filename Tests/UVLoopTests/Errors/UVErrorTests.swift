import CUV
import Glibc
import Testing

@testable import UVLoop

@Suite struct UVErrorTests {
    /// Every constant, the number in libuv's header, and the C name.
    private static let all: [(UVError, uv_errno_t, String)] = [
        (.argumentListTooLong, UV_E2BIG, "E2BIG"),
        (.permissionDenied, UV_EACCES, "EACCES"),
        (.addressInUse, UV_EADDRINUSE, "EADDRINUSE"),
        (.addressNotAvailable, UV_EADDRNOTAVAIL, "EADDRNOTAVAIL"),
        (.addressFamilyNotSupported, UV_EAFNOSUPPORT, "EAFNOSUPPORT"),
        (.wouldBlock, UV_EAGAIN, "EAGAIN"),
        (.lookupAddressFamily, UV_EAI_ADDRFAMILY, "EAI_ADDRFAMILY"),
        (.lookupTryAgain, UV_EAI_AGAIN, "EAI_AGAIN"),
        (.lookupBadFlags, UV_EAI_BADFLAGS, "EAI_BADFLAGS"),
        (.lookupBadHints, UV_EAI_BADHINTS, "EAI_BADHINTS"),
        (.lookupCanceled, UV_EAI_CANCELED, "EAI_CANCELED"),
        (.lookupFailed, UV_EAI_FAIL, "EAI_FAIL"),
        (.lookupFamilyNotSupported, UV_EAI_FAMILY, "EAI_FAMILY"),
        (.lookupOutOfMemory, UV_EAI_MEMORY, "EAI_MEMORY"),
        (.lookupNoAddress, UV_EAI_NODATA, "EAI_NODATA"),
        (.unknownHost, UV_EAI_NONAME, "EAI_NONAME"),
        (.lookupOverflow, UV_EAI_OVERFLOW, "EAI_OVERFLOW"),
        (.lookupUnknownProtocol, UV_EAI_PROTOCOL, "EAI_PROTOCOL"),
        (.lookupServiceNotAvailable, UV_EAI_SERVICE, "EAI_SERVICE"),
        (.lookupSocketTypeNotSupported, UV_EAI_SOCKTYPE, "EAI_SOCKTYPE"),
        (.alreadyInProgress, UV_EALREADY, "EALREADY"),
        (.badFileDescriptor, UV_EBADF, "EBADF"),
        (.resourceBusy, UV_EBUSY, "EBUSY"),
        (.canceled, UV_ECANCELED, "ECANCELED"),
        (.invalidUnicode, UV_ECHARSET, "ECHARSET"),
        (.connectionAborted, UV_ECONNABORTED, "ECONNABORTED"),
        (.connectionRefused, UV_ECONNREFUSED, "ECONNREFUSED"),
        (.connectionReset, UV_ECONNRESET, "ECONNRESET"),
        (.destinationAddressRequired, UV_EDESTADDRREQ, "EDESTADDRREQ"),
        (.fileExists, UV_EEXIST, "EEXIST"),
        (.badAddress, UV_EFAULT, "EFAULT"),
        (.fileTooLarge, UV_EFBIG, "EFBIG"),
        (.hostUnreachable, UV_EHOSTUNREACH, "EHOSTUNREACH"),
        (.interrupted, UV_EINTR, "EINTR"),
        (.invalidArgument, UV_EINVAL, "EINVAL"),
        (.ioError, UV_EIO, "EIO"),
        (.socketIsConnected, UV_EISCONN, "EISCONN"),
        (.isDirectory, UV_EISDIR, "EISDIR"),
        (.tooManySymbolicLinks, UV_ELOOP, "ELOOP"),
        (.tooManyOpenFiles, UV_EMFILE, "EMFILE"),
        (.messageTooLong, UV_EMSGSIZE, "EMSGSIZE"),
        (.nameTooLong, UV_ENAMETOOLONG, "ENAMETOOLONG"),
        (.networkDown, UV_ENETDOWN, "ENETDOWN"),
        (.networkUnreachable, UV_ENETUNREACH, "ENETUNREACH"),
        (.tooManyOpenFilesInSystem, UV_ENFILE, "ENFILE"),
        (.noBufferSpace, UV_ENOBUFS, "ENOBUFS"),
        (.noSuchDevice, UV_ENODEV, "ENODEV"),
        (.noSuchFileOrDirectory, UV_ENOENT, "ENOENT"),
        (.outOfMemory, UV_ENOMEM, "ENOMEM"),
        (.notOnNetwork, UV_ENONET, "ENONET"),
        (.protocolNotAvailable, UV_ENOPROTOOPT, "ENOPROTOOPT"),
        (.noSpace, UV_ENOSPC, "ENOSPC"),
        (.notImplemented, UV_ENOSYS, "ENOSYS"),
        (.notConnected, UV_ENOTCONN, "ENOTCONN"),
        (.notDirectory, UV_ENOTDIR, "ENOTDIR"),
        (.directoryNotEmpty, UV_ENOTEMPTY, "ENOTEMPTY"),
        (.notSocket, UV_ENOTSOCK, "ENOTSOCK"),
        (.notSupported, UV_ENOTSUP, "ENOTSUP"),
        (.overflow, UV_EOVERFLOW, "EOVERFLOW"),
        (.notPermitted, UV_EPERM, "EPERM"),
        (.brokenPipe, UV_EPIPE, "EPIPE"),
        (.protocolError, UV_EPROTO, "EPROTO"),
        (.protocolNotSupported, UV_EPROTONOSUPPORT, "EPROTONOSUPPORT"),
        (.protocolWrongType, UV_EPROTOTYPE, "EPROTOTYPE"),
        (.outOfRange, UV_ERANGE, "ERANGE"),
        (.readOnlyFileSystem, UV_EROFS, "EROFS"),
        (.shutDown, UV_ESHUTDOWN, "ESHUTDOWN"),
        (.illegalSeek, UV_ESPIPE, "ESPIPE"),
        (.noSuchProcess, UV_ESRCH, "ESRCH"),
        (.timedOut, UV_ETIMEDOUT, "ETIMEDOUT"),
        (.textFileBusy, UV_ETXTBSY, "ETXTBSY"),
        (.crossDeviceLink, UV_EXDEV, "EXDEV"),
        (.unknown, UV_UNKNOWN, "UNKNOWN"),
        (.endOfFile, UV_EOF, "EOF"),
        (.noSuchAddressOrDevice, UV_ENXIO, "ENXIO"),
        (.tooManyLinks, UV_EMLINK, "EMLINK"),
        (.hostDown, UV_EHOSTDOWN, "EHOSTDOWN"),
        (.remoteIOError, UV_EREMOTEIO, "EREMOTEIO"),
        (.inappropriateControl, UV_ENOTTY, "ENOTTY"),
        (.inappropriateFileType, UV_EFTYPE, "EFTYPE"),
        (.illegalByteSequence, UV_EILSEQ, "EILSEQ"),
        (.socketTypeNotSupported, UV_ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"),
    ]

    @Test func constantsAreTheHeadersNumbers() {
        for (error, code, name) in Self.all {
            #expect(error.rawValue == code.rawValue && error.rawValue < 0)
            #expect(error.name == name)
        }
    }

    @Test func noneIsMissingAndNoneComesTwice() {
        let known = Set(Self.all.map(\.0))
        #expect(known.count == Self.all.count)
        // libuv knows no other number by a name of its own.
        for number in Int32(-5_000)..<0 {
            let error = UVError(rawValue: number)
            #expect(known.contains(error) == !error.name.hasPrefix("Unknown system error"))
        }
    }

    @Test func messagesAreLibuvsOwn() {
        for (error, code, name) in Self.all {
            #expect(error.message == String(cString: uv_strerror(code.rawValue)))
            #expect(!error.message.isEmpty)
            #expect("\(error)" == "\(name): \(error.message)")
        }
        #expect("\(UVError.connectionRefused)" == "ECONNREFUSED: connection refused")
        #expect("\(UVError.endOfFile)" == "EOF: end of file")
    }

    @Test func unknownNumbersHaveTextToo() {
        let error = UVError(rawValue: -123_456)
        #expect(error.name == "Unknown system error -123456")
        #expect(error.message == "Unknown system error -123456")
    }

    @Test func fromTheSystemsNumbers() {
        #expect(UVError(errno: EPIPE) == .brokenPipe)
        #expect(UVError(errno: EADDRINUSE) == .addressInUse)
        #expect(UVError(errno: EMFILE) == .tooManyOpenFiles)
        #expect(UVError(errno: 0).rawValue == 0)
        #expect(UVError(errno: -EPIPE) == .brokenPipe)
    }

    @Test func asRawRepresentableAndHashable() {
        #expect(UVError(rawValue: -EACCES) == .permissionDenied)
        #expect(Set([UVError.canceled, .canceled, .busyTwin]).count == 2)
        let error: any Error = UVError.timedOut
        #expect(error as? UVError == .timedOut)
    }

    @Test func patternsMatch() {
        do {
            try UVError.check(-EPIPE)
            Issue.record("no error")
        } catch .brokenPipe {
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func checkPassesWhatIsNoError() throws {
        try #expect(UVError.check(0) == 0)
        try #expect(UVError.check(17) == 17)
        #expect(throws: UVError.invalidArgument) { try UVError.check(-EINVAL) }
    }
}

extension UVError {
    fileprivate static let busyTwin = UVError.resourceBusy
}
