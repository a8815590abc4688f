// SPDX-License-Identifier: Apache-2.0
// What LeakSanitizer must not report: memory that other libraries keep until the process ends and that we have no call
// to free. (fontconfig's configuration, which Cairo loads for the first text it draws; what x265 takes when the tests
// encode HEIC.) Linked into the test programs of sanitized builds only.

extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig.so\nleak:libx265.so\n"; }
