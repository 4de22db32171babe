/* conv */
KERNEL void conv_$T(const layer *l, const $T *in, const $T *residual, void *out)
{
    const int32_t group_in = l->in_c / l->groups, group_out = l->out_c / l->groups;
    const int32_t filter = l->kh * l->kw * group_in;
    const int32_t merged = l->groups == 1 && l->dw == 1;
    for (int32_t o = 0; o < l->out_c; o++) {
        const $T *weight = (const $T *)l->weight + o * filter;
        const $T *from = in + o / group_out * group_in;
        float total = 0.0f;
        for (int32_t y = 0; y < l->out_h; y++) {
            float halves[2] = {0.0f, 0.0f};
            for (int32_t x = 0; x < l->out_w; x++) {
                const int32_t left = x * l->sw - l->pw;
                int32_t first = 0, last = l->kw;
                while (left + first * l->dw < 0) first++;
                while (last > first && left + (last - 1) * l->dw >= l->in_w) last--;
                const int32_t run = merged ? (last - first) * group_in : group_in;
                const int32_t step = merged ? last - first : 1;
                $S sum = 0;
                for (int32_t ky = 0; ky < l->kh; ky++) {
                    const int32_t row = y * l->sh + ky * l->dh - l->ph;
                    if (row < 0 || row >= l->in_h) continue;
                    for (int32_t kx = first; kx < last; kx += step) {
                        const $T *a = from + (row * l->in_w + left + kx * l->dw) * l->in_c;
                        const $T *b = weight + (ky * l->kw + kx) * group_in;
                        for (int32_t i = 0; i < run; i++) sum += $M;
                    }
                }
                const int32_t at = (y * l->out_w + x) * l->out_c + o;
                float v = $V;
                if (residual) v = (float)residual[at] * l->residual + v;
                v = finish(l, v);
                if (l->to == TO_MEAN) halves[x & 1] += v;
                else put(l, out, at, v);
            }
            total += halves[0] + halves[1];
        }
        if (l->to == TO_MEAN) ((float *)out)[o] = total * l->mean;
    }
}
/* max_pool */
KERNEL void max_pool_$T(const layer *l, const $T *in, $T *out)
{
    for (int32_t y = 0; y < l->out_h; y++)
        for (int32_t x = 0; x < l->out_w; x++)
            for (int32_t c = 0; c < l->out_c; c++) {
                $T best = 0;
                int32_t seen = 0;
                for (int32_t ky = 0; ky < l->kh; ky++)
                    for (int32_t kx = 0; kx < l->kw; kx++) {
                        const int32_t row = y * l->sh + ky * l->dh - l->ph;
                        const int32_t column = x * l->sw + kx * l->dw - l->pw;
                        if (row < 0 || row >= l->in_h || column < 0 || column >= l->in_w) continue;
                        const $T v = in[(row * l->in_w + column) * l->in_c + c];
                        if (!seen || v > best) best = v;
                        seen = 1;
                    }
                out[(y * l->out_w + x) * l->out_c + c] = $F(l, best);
            }
}
/* average_pool */
KERNEL void average_pool(const layer *l, const float *in, float *out)
{
    for (int32_t y = 0; y < l->out_h; y++)
        for (int32_t x = 0; x < l->out_w; x++)
            for (int32_t c = 0; c < l->out_c; c++) {
                float sum = 0.0f;
                int32_t inside = 0, padded = 0;
                for (int32_t ky = 0; ky < l->kh; ky++)
                    for (int32_t kx = 0; kx < l->kw; kx++) {
                        const int32_t row = y * l->sh + ky - l->ph, column = x * l->sw + kx - l->pw;
                        if (row < l->in_h + l->ph && column < l->in_w + l->pw) padded++;
                        if (row < 0 || row >= l->in_h || column < 0 || column >= l->in_w) continue;
                        sum += in[(row * l->in_w + column) * l->in_c + c];
                        inside++;
                    }
                const float count = l->groups > 0 ? (float)l->groups : (float)(l->groups < 0 ? padded : inside);
                out[(y * l->out_w + x) * l->out_c + c] = finish(l, sum * (1.0f / count));
            }
}
/* global_mean */
KERNEL void global_mean(const layer *l, const float *in, float *out)
{
    for (int32_t c = 0; c < l->in_c; c++) {
        float total = 0.0f;
        for (int32_t y = 0; y < l->in_h; y++) {
            float halves[2] = {0.0f, 0.0f};
            for (int32_t x = 0; x < l->in_w; x++)
                halves[x & 1] += in[(y * l->in_w + x) * l->in_c + c];
            total += halves[0] + halves[1];
        }
        out[c] = finish(l, total * l->mean);
    }
}
/* combine */
KERNEL void combine(const layer *l, const float *a, const float *b, float *out)
{
    const int32_t pixels = l->in_h * l->in_w;
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t c = 0; c < l->in_c; c++) {
            const float x = a[p * l->in_c + c], other = b[(l->kh ? p * l->in_c : 0) + c];
            out[p * l->in_c + c] = finish(l, l->kw ? x * other : x + other);
        }
}
/* per_channel */
KERNEL void per_channel(const layer *l, const float *in, float *out)
{
    const int32_t count = l->in_h * l->in_w * l->in_c;
    for (int32_t i = 0; i < count; i++) {
        const int32_t c = i % l->in_c;
        const float x = in[i];
        float v = x;
        if (l->kw == 1) v = x * l->scale[c] + l->bias[c];
        if (l->kw == 2) v = x >= 0.0f ? x : x * l->scale[c];
        out[i] = finish(l, v);
    }
}
/* concatenate */
KERNEL void concatenate(const layer *l, const float *in, float *out)
{
    const int32_t pixels = l->in_h * l->in_w;
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t c = 0; c < l->in_c; c++) out[p * l->out_c + l->kw + c] = in[p * l->in_c + c];
}
/* quantize */
KERNEL void quantize(const layer *l, const float *in, int8_t *out)
{
    const int32_t count = l->in_h * l->in_w * l->in_c;
    for (int32_t i = 0; i < count; i++) out[i] = rounded(in[i] * l->factor);
}
/* softmax */
KERNEL void softmax(const layer *l, const float *in, float *out)
{
    float largest = in[0], sum = 0.0f;
    for (int32_t i = 1; i < l->in_c; i++) largest = in[i] > largest ? in[i] : largest;
    for (int32_t i = 0; i < l->in_c; i++) sum += out[i] = exp_of(in[i] - largest);
    for (int32_t i = 0; i < l->in_c; i++) out[i] /= sum;
}
