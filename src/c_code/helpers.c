/* exp_of */
/* e^x: 2^n times a polynomial of the rest (Cephes). */
KERNEL float exp_of(float x)
{
    union { float f; uint32_t u; } power;
    float n, r, p = 1.9875692e-4f;
    x = x > -87.0f ? x : -87.0f;
    x = x < 88.0f ? x : 88.0f;
    n = x * 1.44269504f + 12582912.0f - 12582912.0f;
    r = x - n * 0.6933594f - n * -2.1219444e-4f;
    p = p * r + 1.3981999e-3f;
    p = p * r + 8.333452e-3f;
    p = p * r + 4.1665796e-2f;
    p = p * r + 0.16666665f;
    p = p * r + 0.5f;
    power.f = n + 12583039.0f;
    power.u <<= 23;
    return (p * r * r + r + 1.0f) * power.f;
}
/* rounded */
/* The nearest whole number, ties to even, in -127..127. */
KERNEL int8_t rounded(float x)
{
    x = x > -127.0f ? x : -127.0f;
    x = x < 127.0f ? x : 127.0f;
    return (int8_t)(x + 12582912.0f - 12582912.0f);
}
